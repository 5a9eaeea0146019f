#include "nnactor/formats/gguf.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace nnactor {

namespace {

caf::error no_key(const gguf_file& from, std::string_view key) {
  return fail(ec::invalid_data, "{}: no key '{}'", from.path, key);
}

caf::error wrong_key(const gguf_file& from, std::string_view key,
                     const char* wanted) {
  return fail(ec::invalid_data, "{}: key '{}' is not {}", from.path, key,
              wanted);
}

/// Whether values of that type are an array of numbers.
template <class T>
constexpr bool is_number_array = false;
template <class T>
constexpr bool is_number_array<std::vector<T>> =
    std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// Makes numbers of a file those of another type, or nothing where one is not
/// of its range.
template <class To, class From>
bool convert(const std::vector<From>& from, std::vector<To>& into) {
  if constexpr (std::is_integral_v<To>) {
    if constexpr (std::is_integral_v<From>) {
      if (!std::ranges::all_of(from,
                               [](From x) { return std::in_range<To>(x); }))
        return false;
    } else {
      return false;
    }
  }
  into.reserve(from.size());
  for (auto x : from)
    into.push_back(static_cast<To>(x));
  return true;
}

template <class To>
result<std::vector<To>> array_of(const gguf_file& from, std::string_view key,
                                 const char* wanted) {
  auto found = from.values.find(key);
  if (found == from.values.end())
    return no_key(from, key);
  std::vector<To> out;
  auto fits = std::visit(
      [&](const auto& x) {
        if constexpr (is_number_array<std::decay_t<decltype(x)>>)
          return convert(x, out);
        else
          return false;
      },
      found->second);
  if (!fits)
    return wrong_key(from, key, wanted);
  return out;
}

/// A value that has exactly the type `T`.
template <class T>
result<T> scalar_of(const gguf_file& from, std::string_view key,
                    std::optional<T> otherwise, const char* wanted) {
  auto found = from.values.find(key);
  if (found == from.values.end())
    return otherwise ? result<T>{std::move(*otherwise)}
                     : result<T>{no_key(from, key)};
  if (const auto* value = std::get_if<T>(&found->second))
    return *value;
  return wrong_key(from, key, wanted);
}

} // namespace

uint64_t gguf_tensor::rows() const {
  uint64_t out = 1;
  for (size_t i = 1; i < extent.size(); ++i)
    out *= extent[i];
  return out;
}

result<uint64_t> gguf_file::whole(std::string_view key,
                                  std::optional<uint64_t> otherwise) const {
  constexpr auto wanted = "a whole number that is not negative";
  auto found = values.find(key);
  if (found != values.end())
    if (const auto* value = std::get_if<int64_t>(&found->second))
      return *value >= 0 ? result<uint64_t>{static_cast<uint64_t>(*value)}
                         : result<uint64_t>{wrong_key(*this, key, wanted)};
  return scalar_of<uint64_t>(*this, key, otherwise, wanted);
}

result<double> gguf_file::number(std::string_view key,
                                 std::optional<double> otherwise) const {
  auto found = values.find(key);
  if (found != values.end()) {
    if (const auto* value = std::get_if<uint64_t>(&found->second))
      return static_cast<double>(*value);
    if (const auto* value = std::get_if<int64_t>(&found->second))
      return static_cast<double>(*value);
  }
  return scalar_of<double>(*this, key, otherwise, "a number");
}

result<bool> gguf_file::flag(std::string_view key,
                             std::optional<bool> otherwise) const {
  return scalar_of<bool>(*this, key, otherwise, "true or false");
}

result<std::string>
gguf_file::text(std::string_view key,
                std::optional<std::string> otherwise) const {
  return scalar_of<std::string>(*this, key, std::move(otherwise), "a string");
}

result<const std::vector<std::string>*>
gguf_file::texts(std::string_view key) const {
  auto found = values.find(key);
  if (found == values.end())
    return no_key(*this, key);
  const auto* out = std::get_if<std::vector<std::string>>(&found->second);
  if (out == nullptr)
    return wrong_key(*this, key, "an array of strings");
  return out;
}

result<std::vector<int64_t>> gguf_file::wholes(std::string_view key) const {
  return array_of<int64_t>(*this, key, "an array of whole numbers");
}

result<std::vector<float>> gguf_file::numbers(std::string_view key) const {
  return array_of<float>(*this, key, "an array of numbers");
}

result<const gguf_tensor*> gguf_file::tensor(std::string_view name) const {
  auto found = std::ranges::find(tensors, name, &gguf_tensor::name);
  if (found == tensors.end())
    return fail(ec::invalid_data, "{}: no tensor {}", path, name);
  return &*found;
}

} // namespace nnactor
