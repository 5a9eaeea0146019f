#include "nnactor/formats/file_reader.hpp"
#include "nnactor/formats/gguf.hpp"
#include "nnactor/lfs_pointer.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

namespace nnactor {

namespace {

constexpr std::string_view gguf_magic = "GGUF";
constexpr uint32_t gguf_version = 3;

/// Vocabularies and merges of today take some MB.
constexpr uint64_t longest_gguf_header = uint64_t{256} << 20;

/// Nobody aligns by more than a page.
constexpr uint64_t largest_gguf_alignment = uint64_t{1} << 16;

/// Of the specification.
constexpr uint64_t longest_gguf_key = 65535;
constexpr uint32_t most_gguf_dimensions = 4;

/// A key takes a length, a type and a value, a tensor also its place.
constexpr uint64_t shortest_gguf_key = 8 + 1 + 4 + 1;
constexpr uint64_t shortest_gguf_tensor = 8 + 1 + 4 + 8 + 4 + 8;

/// Types of values, by their numbers in the file.
enum class value_type : uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
};

/// Reads the parts of a header one after the other.
class gguf_reader {
public:
  gguf_reader(filesystem& fs, const std::string& path, uint64_t size)
      : path_(path), size_(size),
        in_(fs, path, std::min(size, longest_gguf_header)) {
    out_.path = path;
  }

  result<gguf_file> read() {
    uint64_t tensors = 0;
    uint64_t keys = 0;
    if (auto err = read_start(tensors, keys))
      return err;
    for (uint64_t i = 0; i < keys; ++i)
      if (auto err = read_key(i))
        return err;
    for (uint64_t i = 0; i < tensors; ++i)
      if (auto err = read_tensor(i))
        return err;
    if (auto err = place_tensors())
      return err;
    return std::move(out_);
  }

private:
  template <class... Ts>
  caf::error wrong(fmt::format_string<Ts...> format, Ts&&... xs) const {
    return within(path_,
                  fail(ec::invalid_data, format, std::forward<Ts>(xs)...));
  }

  caf::error read_start(uint64_t& tensors, uint64_t& keys) {
    uint32_t magic = 0;
    uint32_t version = 0;
    if (auto err = in_.read(magic))
      return err;
    if (auto err = in_.read(version))
      return err;
    if (version != gguf_version)
      return wrong("GGUF version {}; this reads version {}", version,
                   gguf_version);
    if (auto err = in_.read(tensors))
      return err;
    if (auto err = in_.read(keys))
      return err;
    if (keys > in_.left() / shortest_gguf_key)
      return wrong("says that it has {} keys, which are more than fit in it",
                   keys);
    if (tensors > in_.left() / shortest_gguf_tensor)
      return wrong("says that it has {} tensors, which are more than fit in it",
                   tensors);
    return caf::none;
  }

  caf::error read_string(std::string& into) {
    uint64_t length = 0;
    if (auto err = in_.read(length))
      return err;
    if (length > in_.left())
      return wrong("{} says that it has {} bytes, which are more than the "
                   "header has",
                   in_.part(), length);
    into.resize(length);
    return in_.read(std::as_writable_bytes(std::span{into}));
  }

  caf::error read_name(std::string& into) {
    if (auto err = read_string(into))
      return err;
    if (into.size() > longest_gguf_key || !is_plain_name(into))
      return wrong("{} has a name that is not 1 to {} printable characters "
                   "of ASCII",
                   in_.part(), longest_gguf_key);
    return caf::none;
  }

  // -- keys -------------------------------------------------------------------

  caf::error read_key(uint64_t index) {
    std::string key;
    in_.enter(fmt::format("key number {}", index + 1));
    if (auto err = read_name(key))
      return err;
    if (out_.values.contains(key))
      return wrong("has key '{}' twice", key);
    uint32_t type = 0;
    gguf_value value;
    in_.enter(fmt::format("key '{}'", key));
    auto err = in_.read(type);
    if (!err)
      err = type == static_cast<uint32_t>(value_type::array)
                ? read_array(value)
                : read_scalar(type, value);
    if (err)
      return err;
    out_.values.emplace(std::move(key), std::move(value));
    return caf::none;
  }

  /// @tparam Wide What all numbers of that kind are kept as.
  template <class T, class Wide>
  caf::error read_number(gguf_value& into) {
    T value{};
    auto err = in_.read(value);
    into = static_cast<Wide>(value);
    return err;
  }

  caf::error read_scalar(uint32_t type, gguf_value& into) {
    switch (static_cast<value_type>(type)) {
    case value_type::u8:
      return read_number<uint8_t, uint64_t>(into);
    case value_type::i8:
      return read_number<int8_t, int64_t>(into);
    case value_type::u16:
      return read_number<uint16_t, uint64_t>(into);
    case value_type::i16:
      return read_number<int16_t, int64_t>(into);
    case value_type::u32:
      return read_number<uint32_t, uint64_t>(into);
    case value_type::i32:
      return read_number<int32_t, int64_t>(into);
    case value_type::u64:
      return read_number<uint64_t, uint64_t>(into);
    case value_type::i64:
      return read_number<int64_t, int64_t>(into);
    case value_type::f32:
      return read_number<float, double>(into);
    case value_type::f64:
      return read_number<double, double>(into);
    case value_type::boolean: {
      auto value = false;
      auto err = read_boolean(value);
      into = value;
      return err;
    }
    case value_type::string: {
      std::string text;
      auto err = read_string(text);
      into = std::move(text);
      return err;
    }
    default:
      return wrong("{} is of type {}, which is none of GGUF", in_.part(), type);
    }
  }

  caf::error read_boolean(bool& into) {
    uint8_t value = 0;
    if (auto err = in_.read(value))
      return err;
    if (value > 1)
      return wrong("{} has {} for true or false", in_.part(), value);
    into = value == 1;
    return caf::none;
  }

  /// @param each Fewest bytes that an element takes.
  caf::error read_count(uint64_t& count, uint64_t each) {
    if (auto err = in_.read(count))
      return err;
    if (count > in_.left() / each)
      return wrong("{} says that it has {} elements, which are more than the "
                   "header has",
                   in_.part(), count);
    return caf::none;
  }

  template <class T>
  caf::error read_numbers(gguf_value& into) {
    uint64_t count = 0;
    if (auto err = read_count(count, sizeof(T)))
      return err;
    std::vector<T> values(count);
    auto err = in_.read(std::as_writable_bytes(std::span{values}));
    into = std::move(values);
    return err;
  }

  caf::error read_booleans(gguf_value& into) {
    uint64_t count = 0;
    if (auto err = read_count(count, 1))
      return err;
    std::vector<bool> values(count);
    for (uint64_t i = 0; i < count; ++i) {
      auto value = false;
      if (auto err = read_boolean(value))
        return err;
      values[i] = value;
    }
    into = std::move(values);
    return caf::none;
  }

  caf::error read_strings(gguf_value& into) {
    uint64_t count = 0;
    if (auto err = read_count(count, sizeof(uint64_t)))
      return err;
    std::vector<std::string> values(count);
    for (auto& x : values)
      if (auto err = read_string(x))
        return err;
    into = std::move(values);
    return caf::none;
  }

  caf::error read_array(gguf_value& into) {
    uint32_t type = 0;
    if (auto err = in_.read(type))
      return err;
    switch (static_cast<value_type>(type)) {
    case value_type::u8:
      return read_numbers<uint8_t>(into);
    case value_type::i8:
      return read_numbers<int8_t>(into);
    case value_type::u16:
      return read_numbers<uint16_t>(into);
    case value_type::i16:
      return read_numbers<int16_t>(into);
    case value_type::u32:
      return read_numbers<uint32_t>(into);
    case value_type::i32:
      return read_numbers<int32_t>(into);
    case value_type::u64:
      return read_numbers<uint64_t>(into);
    case value_type::i64:
      return read_numbers<int64_t>(into);
    case value_type::f32:
      return read_numbers<float>(into);
    case value_type::f64:
      return read_numbers<double>(into);
    case value_type::boolean:
      return read_booleans(into);
    case value_type::string:
      return read_strings(into);
    case value_type::array:
      return wrong("{} is an array of arrays, which this does not read",
                   in_.part());
    default:
      return wrong("{} is an array of type {}, which is none of GGUF",
                   in_.part(), type);
    }
  }

  // -- tensors ----------------------------------------------------------------

  caf::error read_tensor(uint64_t index) {
    gguf_tensor x;
    in_.enter(fmt::format("tensor number {}", index + 1));
    if (auto err = read_name(x.name))
      return err;
    if (!names_.insert(x.name).second)
      return wrong("has tensor '{}' twice", x.name);
    in_.enter(fmt::format("tensor '{}'", x.name));
    uint32_t dimensions = 0;
    if (auto err = in_.read(dimensions))
      return err;
    if (dimensions < 1 || dimensions > most_gguf_dimensions)
      return wrong("{} has {} dimensions; 1 to {} are allowed", in_.part(),
                   dimensions, most_gguf_dimensions);
    x.extent.resize(dimensions);
    for (auto& size : x.extent)
      if (auto err = in_.read(size))
        return err;
    uint32_t type = 0;
    auto err = in_.read(type);
    if (!err)
      err = in_.read(x.offset);
    if (!err)
      err = measure(x, type);
    out_.tensors.push_back(std::move(x));
    return err;
  }

  /// Works out how many bytes a tensor takes, which are no more than the file
  /// has.
  caf::error measure(gguf_tensor& x, uint32_t type) {
    x.type = find_block_type(type);
    if (x.type == nullptr)
      return wrong("{} is of type {}, which this does not read; it reads {}",
                   in_.part(), type, block_type_names());
    uint64_t values = 1;
    for (auto size : x.extent)
      if (size == 0 || __builtin_mul_overflow(values, size, &values))
        return wrong("{} has dimensions [{}], which is no size for a tensor",
                     in_.part(), fmt::join(x.extent, ", "));
    if (x.columns() % x.type->values != 0)
      return wrong("{} has rows of {} values, which are no whole blocks of {} "
                   "of {}",
                   in_.part(), x.columns(), x.type->values, x.type->name);
    auto blocks = values / x.type->values;
    if (blocks > size_ / x.type->bytes)
      return wrong("{} has dimensions [{}], which are more values than the "
                   "file has",
                   in_.part(), fmt::join(x.extent, ", "));
    x.bytes = blocks * x.type->bytes;
    return caf::none;
  }

  result<uint64_t> alignment() const {
    constexpr auto key = "general.alignment";
    auto out = out_.whole(key, 32);
    if (out && (!std::has_single_bit(*out) || *out > largest_gguf_alignment))
      return wrong("key '{}' is {}; it has to be a power of two, at most {}",
                   key, *out, largest_gguf_alignment);
    return out;
  }

  /// Makes offsets in the data those in the file.
  caf::error place_tensors() {
    auto align = alignment();
    if (!align)
      return align.error();
    auto start = (in_.position() + *align - 1) / *align * *align;
    auto data = size_ - std::min(start, size_);
    for (auto& x : out_.tensors) {
      if (x.offset % *align != 0)
        return wrong("tensor '{}' begins at byte {} of the data, which is no "
                     "multiple of {}",
                     x.name, x.offset, *align);
      if (x.offset > data || x.bytes > data - x.offset)
        return wrong("tensor '{}' takes {} bytes from byte {} of the data, of "
                     "which there are {}; is the file cut off?",
                     x.name, x.bytes, x.offset, data);
      x.offset += start;
    }
    return check_overlaps();
  }

  caf::error check_overlaps() const {
    std::vector<const gguf_tensor*> order;
    for (const auto& x : out_.tensors)
      order.push_back(&x);
    std::ranges::sort(order, {}, [](auto* x) { return x->offset; });
    for (size_t i = 1; i < order.size(); ++i)
      if (order[i]->offset - order[i - 1]->offset < order[i - 1]->bytes)
        return wrong("tensors '{}' and '{}' overlap", order[i - 1]->name,
                     order[i]->name);
    return caf::none;
  }

  std::string path_;
  uint64_t size_; ///< Of the file.
  file_reader in_;
  gguf_file out_;
  std::set<std::string> names_; ///< Of the tensors so far.
};

/// Returns the first bytes of a file, at most 64.
std::string beginning_of(filesystem& fs, const std::string& path,
                         uint64_t size) {
  std::string out(std::min<uint64_t>(size, 64), ' ');
  if (fs.read(path, 0, std::as_writable_bytes(std::span{out})))
    return {};
  return out;
}

} // namespace

bool is_gguf(filesystem& fs, const std::string& path) {
  auto size = fs.size(path);
  return size && beginning_of(fs, path, *size).starts_with(gguf_magic);
}

result<gguf_file> read_gguf(filesystem& fs, const std::string& path) {
  auto size = fs.size(path);
  if (!size)
    return size.error();
  auto start = beginning_of(fs, path, *size);
  if (is_lfs_pointer(start))
    return lfs_pointer(path, ec::invalid_data);
  if (!start.starts_with(gguf_magic))
    return fail(ec::invalid_data, "{}: is no GGUF file", path);
  return gguf_reader{fs, path, *size}.read();
}

} // namespace nnactor
