#pragma once

#include "nnactor/store/memory_filesystem.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor::test {

/// Writes files of the GGUF format piece by piece, right ones and wrong ones.
class gguf_builder {
public:
  std::vector<std::byte> bytes;

  template <class T>
  gguf_builder& add(T value) {
    auto at = bytes.size();
    bytes.resize(at + sizeof(T));
    std::memcpy(bytes.data() + at, &value, sizeof(T));
    return *this;
  }

  gguf_builder& text(std::string_view x) {
    add<uint64_t>(x.size());
    for (auto c : x)
      add(c);
    return *this;
  }

  gguf_builder& start(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    for (auto c : std::string_view{"GGUF"})
      add(c);
    return add(version).add(tensors).add(keys);
  }

  /// A key, behind which its value has to follow.
  gguf_builder& key(std::string_view name, uint32_t type) {
    return text(name).add(type);
  }

  gguf_builder& array(std::string_view name, uint32_t type, uint64_t count) {
    return key(name, 9).add(type).add(count);
  }

  gguf_builder& tensor(std::string_view name, std::vector<uint64_t> extent,
                       uint32_t type, uint64_t offset) {
    text(name).add<uint32_t>(static_cast<uint32_t>(extent.size()));
    for (auto x : extent)
      add(x);
    return add(type).add(offset);
  }

  /// Goes on at a multiple of `alignment` with that many bytes of data.
  gguf_builder& data(uint64_t size, uint64_t alignment = 32) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment + size);
    return *this;
  }

  /// A filesystem in which these bytes are the file "m.gguf".
  std::shared_ptr<filesystem> file() const {
    auto fs = make_memory_filesystem();
    auto out = fs->create("m.gguf");
    static_cast<void>((*out)->append(bytes));
    static_cast<void>((*out)->finish());
    return fs;
  }
};

} // namespace nnactor::test
