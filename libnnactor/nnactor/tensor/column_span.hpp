#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace nnactor {

/// Columns of one matrix that become columns of another one.
struct column_span {
  uint64_t from = 0; ///< The first, where they come from: of a producer.
  uint64_t to = 0;   ///< The first, where they go to: of a consumer.
  uint64_t count = 0;

  friend bool operator==(const column_span&, const column_span&) = default;
};

/// Spans that copies share: all edges of a group may have the same ones, and
/// there are as many as neurons where these are picked at random.
class shared_spans {
public:
  shared_spans() = default;

  shared_spans(std::vector<column_span> spans) // NOLINT: as good as they are
      : spans_(
          std::make_shared<const std::vector<column_span>>(std::move(spans))) {
  }

  auto begin() const {
    return all().begin();
  }

  auto end() const {
    return all().end();
  }

  size_t size() const {
    return all().size();
  }

  bool empty() const {
    return all().empty();
  }

  const column_span& front() const {
    return all().front();
  }

  std::span<const column_span> all() const {
    return spans_ ? std::span{*spans_} : std::span<const column_span>{};
  }

  friend bool operator==(const shared_spans& x, const shared_spans& y) {
    return x.spans_ == y.spans_ || std::ranges::equal(x.all(), y.all());
  }

private:
  std::shared_ptr<const std::vector<column_span>> spans_;
};

} // namespace nnactor
