#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nnactor {

/// SHA-256.
using digest = std::array<std::byte, 32>;

digest digest_of(std::span<const std::byte> bytes);

/// Renders the first `characters` hexadecimal digits.
std::string to_string(const digest& what, size_t characters = 64);

/// Where one parameter of one group lies on the shared storage.
struct slice {
  layer_id layer = 0;
  std::string parameter; ///< "weight", "bias", "adam.m.weight", ...
  neuron_set neurons;    ///< Row `slot` belongs to the neuron of that slot.
  uint64_t columns = 0;  ///< f32 values a row.
  std::string file;      ///< Relative to the folder of the model.
  uint64_t offset = 0;   ///< In bytes, a multiple of 64.
  uint64_t length = 0;   ///< In bytes: neurons * columns * 4.
  std::vector<uint32_t> checksums; ///< CRC32C of each MiB of the slice.
  digest sum{};                    ///< Of the whole slice.
};

/// One consistent committed state of the model.
struct manifest {
  uint64_t generation = 0; ///< From 1.
  uint64_t epoch = 0;      ///< Of the coordinator that committed it.
  uint64_t run = 0;        ///< Epoch in which its training began.
  uint64_t step = 0;       ///< Updates applied; also the data cursor.
  digest parent{};         ///< Of the manifest before; zero for the first.
  std::optional<double> validation_loss;
  network net;
  partition parts;
  train_settings train;
  std::vector<uint32_t> vocabulary; ///< Code points, empty unless text.
  std::vector<uint32_t> merges;     ///< Or byte pairs, two tokens each.

  /// Whether it is a model of text.
  bool is_of_text() const {
    return !vocabulary.empty() || !merges.empty();
  }
  std::string experiment; ///< The TOML it was trained by.
  std::vector<slice> slices;
};

/// File layout: magic "NNACTORM", u32 version, u32 zero, u64 length, a flat
/// Cap'n Proto message of that length, SHA-256 of all bytes before.
std::vector<std::byte> encode(const manifest& what);

/// Parses and verifies; fails with `ec::store_corrupt`.
result<manifest> decode_manifest(std::span<const std::byte> file);

/// Checks that the slices hold every neuron's "weight" (and "bias" where the
/// layer has one) exactly once and that optimizer state is complete or absent.
caf::error check_coverage(const manifest& what);

/// What a node tells the coordinator about the slices it has written.
std::vector<std::byte> encode(const std::vector<slice>& slices);
result<std::vector<slice>> decode_slices(std::span<const std::byte> bytes);

} // namespace nnactor
