#pragma once

#include "nnactor/error.hpp"
#include "nnactor/fwd.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>

namespace nnactor {

/// What a trainer tells whoever watches it.
struct progress {
  enum class kind : uint8_t {
    loading,    ///< Nodes have read `bytes` of `of`, before the first step.
    step,       ///< `step` updates are done; `loss` is that of the last one.
    validation, ///< `loss` is that of the validation split after `step`.
    traffic,    ///< `bytes` have crossed links so far.
    committed,  ///< `generation` is on the store.
    notice,     ///< Something happened to the cluster, told in `text`.
    finished,   ///< All is done; `bytes` is final. `text` says why at `step`
                ///< already, where that is not the last that was wanted.
    stopped,    ///< Told to end; generation `saved` is of `step`.
    failed,     ///< `error` ended the job.
  };
  kind what = kind::step;
  uint64_t step = 0;
  double loss = 0;     ///< Mean over examples.
  double accuracy = 0; ///< Validation: share of examples predicted right.
  uint64_t bytes = 0;
  manifest_ptr generation = {};
  std::string text = {};
  caf::error error = {};
  uint64_t of = 0;    ///< Loading: bytes to read.
  uint64_t saved = 0; ///< Stopped: the newest generation, 0 if there is none.
};

} // namespace nnactor
