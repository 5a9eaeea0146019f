#pragma once

#include "nnactor/formats/block_type.hpp"
#include "nnactor/store/filesystem.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nnactor {

/// A value of the header. Scalars are as wide as they get, arrays keep the
/// type of the file, so that no file takes much more memory than it is long.
using gguf_value = std::variant<
    uint64_t, int64_t, double, bool, std::string, std::vector<uint8_t>,
    std::vector<int8_t>, std::vector<uint16_t>, std::vector<int16_t>,
    std::vector<uint32_t>, std::vector<int32_t>, std::vector<uint64_t>,
    std::vector<int64_t>, std::vector<float>, std::vector<double>,
    std::vector<bool>, std::vector<std::string>>;

/// Where a tensor lies in its file.
struct gguf_tensor {
  std::string name;
  std::vector<uint64_t> extent; ///< 1 to 4; values of the first are adjacent.
  const block_type* type = nullptr;
  uint64_t offset = 0; ///< In the file, in bytes.
  uint64_t bytes = 0;

  /// Values of a row: neighbours in the file.
  uint64_t columns() const {
    return extent.front();
  }

  /// All other dimensions together.
  uint64_t rows() const;
};

/// The header of a file of the GGUF format, version 3 (its specification:
/// github.com/ggml-org/ggml, "docs/gguf.md"). All getters fail with
/// `ec::invalid_data`, naming file and key.
struct gguf_file {
  std::string path;
  std::map<std::string, gguf_value, std::less<>> values;
  std::vector<gguf_tensor> tensors; ///< In the order of the file.

  bool has(std::string_view key) const {
    return values.contains(key);
  }

  /// A whole number of any width that is not negative.
  /// @param otherwise Where there is no such key.
  result<uint64_t> whole(std::string_view key,
                         std::optional<uint64_t> otherwise = {}) const;

  /// A number of any type.
  result<double> number(std::string_view key,
                        std::optional<double> otherwise = {}) const;

  result<bool> flag(std::string_view key,
                    std::optional<bool> otherwise = {}) const;

  result<std::string> text(std::string_view key,
                           std::optional<std::string> otherwise = {}) const;

  /// An array of strings. Lasts as long as the file's header does.
  result<const std::vector<std::string>*> texts(std::string_view key) const;

  /// An array of whole numbers of any type. Fails on one that is above the
  /// largest `int64_t`.
  result<std::vector<int64_t>> wholes(std::string_view key) const;

  /// An array of numbers of any type.
  result<std::vector<float>> numbers(std::string_view key) const;

  /// Fails with "no tensor NAME".
  result<const gguf_tensor*> tensor(std::string_view name) const;
};

/// Whether a file begins as those of the format do.
bool is_gguf(filesystem& fs, const std::string& path);

/// Reads the header and none of the tensors. Fails with `ec::invalid_data` on a
/// file that is not GGUF or breaks a rule of it, naming the key or tensor:
/// after that, every tensor is inside the file, none overlaps another, and
/// `rows`, `bytes` and all products of the dimensions are as they should be.
result<gguf_file> read_gguf(filesystem& fs, const std::string& path);

} // namespace nnactor
