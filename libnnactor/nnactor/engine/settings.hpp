#pragma once

#include <cstdint>

namespace nnactor {

/// Values are part of the schemas.
enum class optimizer_kind : uint8_t { sgd, adam, adamw };

/// Values are part of the schemas.
enum class schedule_kind : uint8_t { constant, cosine };

/// How parameters follow their gradients.
struct optimizer_settings {
  optimizer_kind kind = optimizer_kind::adam;
  float momentum = 0.9f; ///< SGD.
  float beta1 = 0.9f;    ///< Adam, arXiv 1412.6980.
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0.0f; ///< L2 for sgd and adam, decoupled for adamw.
  float clip = 0.0f;         ///< Global gradient norm, 0: no clipping.

  friend bool operator==(const optimizer_settings&,
                         const optimizer_settings&) = default;
};

/// The learning rate of each step.
struct schedule_settings {
  schedule_kind kind = schedule_kind::constant;
  float rate = 1e-3f;      ///< After warm-up.
  float final_rate = 0.0f; ///< At the last step of cosine.
  uint64_t warmup = 0;     ///< Steps of linear warm-up.
  uint64_t steps = 0;      ///< All steps of the run.

  friend bool operator==(const schedule_settings&,
                         const schedule_settings&) = default;
};

/// What values are rounded to. Values are part of the schemas.
enum class precision : uint8_t { float32, bfloat16 };

constexpr const char* to_string(precision what) {
  return what == precision::bfloat16 ? "bfloat16" : "float32";
}

/// All that the groups need to know of a training job.
struct train_settings {
  uint64_t seed = 1;          ///< Of the initial parameters.
  uint32_t batch = 128;       ///< Examples a step.
  uint32_t micro_batches = 1; ///< Equal pieces of a batch.
  uint32_t window = 1;        ///< Micro-batches in flight at most.
  optimizer_settings optimizer;
  schedule_settings schedule;
  /// Of every tensor between groups, local or remote, before it is sent: with
  /// bfloat16 half the bytes cross links, and the model still depends on the
  /// partition alone.
  precision link = precision::float32;
  /// Of what dense layers multiply. Sums, and the parameters that the optimizer
  /// changes, stay float32 (mixed precision, arXiv 1710.03740).
  precision compute = precision::float32;
  /// Keep only what a layer reads between forward and backward, and compute the
  /// rest again (arXiv 1604.06174).
  bool recompute = false;
  /// Else it only answers: nothing has a gradient or an optimizer's state.
  bool learns = true;
  /// Of the cache of each group of attention, where texts are written; see
  /// `token_round`.
  uint32_t pages = 0;

  friend bool operator==(const train_settings&,
                         const train_settings&) = default;
};

/// Returns the learning rate of step `step` (0-based). Warm-up rises linearly
/// from rate / warmup; cosine falls from rate to final_rate after it.
float learning_rate(const schedule_settings& how, uint64_t step);

} // namespace nnactor
