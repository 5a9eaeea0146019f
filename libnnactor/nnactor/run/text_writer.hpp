#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/run/round_scheduler.hpp"

#include <functional>
#include <map>
#include <span>

namespace nnactor {

/// What a round gave.
struct written_rows {
  uint64_t cache = 0; ///< In which its keys and values are.
  tensor logits;      ///< [wanted, outputs]; empty where the cache is new.
};

/// Computes a round of tokens [rows, 1], see `inferrer_actor`.
using round_computer = std::function<result<written_rows>(
    uint64_t cache, const token_round& what, const tensor& tokens)>;

/// Fails, with the reason, if a network cannot write texts by rounds: it has
/// layers that look at more than what comes before.
caf::error check_writing(const network& net);

/// Writes texts together, a token of each at a time. Where nodes are lost, and
/// what was computed with them, it is computed again; no token is drawn twice.
class text_writer {
public:
  /// Takes the logits of the next token and returns it, nothing to end the
  /// text.
  using chooser =
      std::function<std::optional<int32_t>(std::span<const float> logits)>;

  /// @param limits As the network was deployed.
  text_writer(const cache_limits& limits, round_computer compute);

  /// Begins a text of so many tokens more at most, see `round_scheduler::add`.
  /// @param choose Called once a token.
  /// @pre as there
  result<text_id> begin(std::vector<int32_t> prompt, uint64_t more,
                        chooser choose);

  /// Nobody wants a text any more.
  void end(text_id text);

  /// Computes a round; returns whether there was something to do.
  result<bool> step();

  const round_scheduler& schedule() const {
    return schedule_;
  }

private:
  struct writing {
    chooser choose;
    uint64_t left = 0; ///< Tokens at most.
  };

  void take(text_id text, std::span<const float> logits);

  round_computer compute_;
  round_scheduler schedule_;
  std::map<text_id, writing> texts_;
  uint64_t cache_ = 0;
};

} // namespace nnactor
