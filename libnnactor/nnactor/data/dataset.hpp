#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/data/vocabulary.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nnactor {

/// Some examples. Each is `data_shape::context` consecutive rows: one for each
/// position of a sequence, else a single one.
struct examples {
  tensor inputs;  ///< i32 tokens or f32 values [rows, time steps x width].
  tensor targets; ///< i32 labels [rows, time steps].
};

/// Which part of the data.
enum class split : uint8_t { train, validation };

/// Examples that fit in memory, read once and immutable.
class dataset {
public:
  virtual ~dataset() = default;

  virtual data_shape shape() const = 0;

  /// Number of examples in a split.
  virtual uint64_t size(split part) const = 0;

  /// Gathers the examples of the given indices, each below `size(part)`.
  virtual examples gather(split part,
                          const std::vector<uint64_t>& indices) const = 0;

  /// What tokens stand for, null unless this is text.
  virtual const vocabulary* characters() const {
    return nullptr;
  }

  /// Characters of the validation split by its tokens. Losses are in nats a
  /// token: those of different vocabularies compare as loss by this number.
  virtual double characters_per_token() const {
    return 1;
  }

  /// One line for the start of a run: what was read, how much of it.
  virtual std::string summary() const = 0;

  /// Mean loss of a simple model on the validation split and its name, for
  /// comparison: a bigram count model for text, nothing (empty name) else.
  struct reference {
    std::string name;
    double loss = 0;
  };
  virtual reference baseline() const {
    return {};
  }
};

/// Reads the data of an experiment. Fails with `ec::invalid_data`, naming the
/// file and what is wrong with it.
/// @param known The vocabulary of a model that is asked about a text, in which
/// there must be no other characters; null: that of the text itself.
result<std::shared_ptr<const dataset>>
open_dataset(const data_settings& how, const vocabulary* known = nullptr);

/// The order of training examples: batch `step` of a sequence in which every
/// epoch visits every example once in a new order, computed from (seed, step)
/// alone, so that the cursor of a run is its step.
class batch_order {
public:
  batch_order(uint64_t size, uint32_t batch, uint64_t seed);

  std::vector<uint64_t> batch(uint64_t step) const;

private:
  uint64_t size_;
  uint32_t batch_;
  uint64_t seed_;
};

} // namespace nnactor
