#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace nnactor {

/// Zeroed memory in pages of 2 MiB, where the system has some. L2 is indexed
/// by physical address: scattered pages of 4 KiB collide in it long before it
/// is full.
class huge_buffer {
public:
  /// @throws std::bad_alloc
  explicit huge_buffer(size_t bytes);

  std::span<std::byte> bytes() const {
    return {memory_.get(), size_};
  }

private:
  struct release {
    void operator()(std::byte* memory) const;
  };

  size_t size_;
  std::unique_ptr<std::byte, release> memory_;
};

} // namespace nnactor
