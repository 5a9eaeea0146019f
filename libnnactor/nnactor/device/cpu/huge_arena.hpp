#pragma once

#include "nnactor/device/cpu/huge_buffer.hpp"

#include <memory>

namespace nnactor {

/// Hands out parts of huge pages, one after the other, so that what is used
/// together lies together. A page is given back when nobody uses any of it.
class huge_arena {
public:
  /// Returns memory aligned to 64 bytes.
  std::shared_ptr<std::byte> take(size_t bytes) {
    constexpr size_t line = 64;
    constexpr size_t page = 2 << 20;
    bytes = (bytes + line - 1) / line * line;
    if (!current_ || bytes > current_->bytes().size() - used_) {
      current_ =
          std::make_shared<huge_buffer>((bytes + page - 1) / page * page);
      used_ = 0;
    }
    auto* first = current_->bytes().data() + used_;
    used_ += bytes;
    return {current_, first};
  }

private:
  std::shared_ptr<huge_buffer> current_;
  size_t used_ = 0;
};

} // namespace nnactor
