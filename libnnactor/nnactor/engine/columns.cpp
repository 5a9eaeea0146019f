#include "nnactor/engine/columns.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace nnactor {

namespace {

/// Adds a run, merged with the one before where they touch in both orders.
void append(std::vector<column_run>& runs, uint64_t canonical, uint64_t count) {
  if (runs.empty()) {
    runs.push_back({0, canonical, count});
    return;
  }
  auto& last = runs.back();
  if (last.canonical + last.count == canonical)
    last.count += count;
  else
    runs.push_back({last.gathered + last.count, canonical, count});
}

void copy(std::span<const float> from, uint64_t first, uint64_t count,
          std::span<float> to, uint64_t at) {
  std::ranges::copy(from.subspan(first, count), to.subspan(at).begin());
}

shape concatenated(const std::vector<tensor>& parts) {
  shape out{parts.front().extent().rows, 0};
  for (const auto& part : parts)
    out.columns += part.extent().columns;
  return out;
}

uint64_t columns_of(column_spans spans) {
  uint64_t count = 0;
  for (const auto& x : spans)
    count += x.count;
  return count;
}

/// The sum of two or more; nothing of one, which needs no memory of its own.
std::optional<tensor_builder<float>> add_tree(device& dev,
                                              std::span<const tensor> xs) {
  if (xs.size() == 1)
    return std::nullopt;
  auto half = std::bit_floor(xs.size() - 1);
  auto left = add_tree(dev, xs.first(half));
  auto right = add_tree(dev, xs.subspan(half));
  if (!left) {
    left = make<float>(dev, xs.front().extent());
    dev.copy_columns(view(xs.front()), 0, xs.front().extent().columns,
                     view(*left), 0);
  }
  dev.add(right ? as_const(view(*right)).values() : view(xs[half]).values(),
          view(*left).values());
  return left;
}

} // namespace

std::vector<column_run>
column_runs(const network& net, const group_graph& graph, const group& reader) {
  std::vector<column_run> runs;
  for (const auto& x : reader.upstream) {
    const auto& producer = graph.groups[x.group];
    if (producer.kind == group_kind::target)
      continue;
    const auto& from = net.layers[producer.layer];
    auto offset = column_offset(net, reader.layer, producer.layer).value_or(0);
    if (producer.kind == group_kind::input)
      append(runs, offset, from.width);
    for (const auto& ids : producer.neurons.intervals())
      append(runs, offset + (ids.begin - from.first) * from.positions,
             ids.size() * from.positions);
  }
  return runs;
}

gathered_columns::gathered_columns(std::vector<column_run> runs)
    : runs_(std::move(runs)) {
  std::ranges::sort(runs_, {}, &column_run::canonical);
}

uint64_t gathered_columns::of(uint64_t canonical) const {
  auto after =
      std::ranges::upper_bound(runs_, canonical, {}, &column_run::canonical);
  const auto& run = *std::prev(after);
  return run.gathered + (canonical - run.canonical);
}

void to_canonical(const std::vector<column_run>& runs, matrix gathered,
                  mutable_matrix canonical) {
  for (uint64_t r = 0; r < gathered.rows; ++r)
    for (const auto& run : runs)
      copy(gathered.row(r), run.gathered, run.count, canonical.row(r),
           run.canonical);
}

void to_gathered(const std::vector<column_run>& runs, matrix canonical,
                 mutable_matrix gathered) {
  for (uint64_t r = 0; r < canonical.rows; ++r)
    for (const auto& run : runs)
      copy(canonical.row(r), run.canonical, run.count, gathered.row(r),
           run.gathered);
}

tensor concatenate(device& dev, const std::vector<tensor>& parts) {
  if (parts.size() == 1)
    return parts.front();
  auto all = make<float>(dev, concatenated(parts));
  uint64_t first = 0;
  for (const auto& part : parts) {
    auto from = view(part);
    dev.copy_columns(from, 0, from.columns, view(all), first);
    first += from.columns;
  }
  return std::move(all).share();
}

tensor columns_of(device& dev, matrix from, uint64_t first, uint64_t count) {
  auto out = make<float>(dev, {from.rows, count});
  dev.copy_columns(from, first, count, view(out), 0);
  return std::move(out).share();
}

void pack_columns(device& dev, matrix from, column_spans spans, span_end end,
                  mutable_matrix packed) {
  std::vector<column_span> moves;
  uint64_t at = 0;
  for (const auto& x : spans) {
    moves.push_back({x.*end, at, x.count});
    at += x.count;
  }
  dev.copy_spans(from, moves, packed);
}

void place_columns(device& dev, matrix packed, column_spans spans, span_end end,
                   mutable_matrix into) {
  std::vector<column_span> moves;
  uint64_t at = 0;
  for (const auto& x : spans) {
    moves.push_back({at, x.*end, x.count});
    at += x.count;
  }
  dev.copy_spans(packed, moves, into);
}

tensor packed_columns(device& dev, matrix from, column_spans spans,
                      span_end end) {
  auto out = make<float>(dev, {from.rows, columns_of(spans)});
  pack_columns(dev, from, spans, end, view(out));
  return std::move(out).share();
}

tensor tree_sum(device& dev, std::vector<tensor> xs, const shape& extent) {
  std::erase_if(xs, [](const tensor& x) { return x.empty(); });
  for (auto& x : xs)
    x = dev.place(x);
  if (xs.size() == 1)
    return xs.front();
  if (xs.empty()) {
    auto nothing = make<float>(dev, extent);
    dev.clear(view(nothing).values());
    return std::move(nothing).share();
  }
  return std::move(*add_tree(dev, xs)).share();
}

tensor rounded(device& dev, const tensor& x) {
  auto out = make<float>(dev, x.extent());
  dev.round(view(x).values(), view(out).values());
  return std::move(out).share();
}

tensor join_columns(const std::vector<tensor>& parts) {
  if (parts.size() == 1)
    return parts.front();
  auto type = parts.front().type();
  auto extent = concatenated(parts);
  byte_buffer all{extent.size() * size_of(type)};
  auto* to = all.data();
  for (uint64_t r = 0; r < extent.rows; ++r)
    for (const auto& part : parts) {
      auto width = part.extent().columns * size_of(type);
      std::memcpy(to, part.bytes().data() + r * width, width);
      to += width;
    }
  return {type, extent, shared_bytes{std::move(all)}};
}

tensor at_time(const tensor& all, uint32_t time, uint32_t time_steps) {
  if (time_steps == 1)
    return all;
  shape extent{all.extent().rows, all.extent().columns / time_steps};
  auto width = extent.columns * size_of(all.type());
  byte_buffer out{extent.rows * width};
  for (uint64_t r = 0; r < extent.rows; ++r)
    std::memcpy(out.data() + r * width,
                all.bytes().data() + (r * time_steps + time) * width, width);
  return {all.type(), extent, shared_bytes{std::move(out)}};
}

matrix view(const tensor& x) {
  return {x.values<float>().data(), x.extent().rows, x.extent().columns};
}

token_matrix view_tokens(const tensor& x) {
  return {x.values<int32_t>().data(), x.extent().rows, x.extent().columns};
}

mutable_matrix view(tensor_builder<float>& x) {
  return {x.values().data(), x.extent().rows, x.extent().columns};
}

} // namespace nnactor
