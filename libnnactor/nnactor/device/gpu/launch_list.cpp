#include "nnactor/device/gpu/launch_list.hpp"

#include "nnactor/network/activation.hpp"

#include <algorithm>

namespace nnactor::gpu {

namespace {

// A graph of some kernels takes tens of KiB of the GPU.
constexpr size_t most_lists = 512;

/// Whether `next` is relu of what `x` computes, in place.
bool is_relu_of(const command& next, const product& x) {
  return next.what == kernel::activate
         && next.size[1] == static_cast<uint64_t>(activation::relu)
         && next.data[0] == x.c && next.data[1] == x.c
         && next.size[0] == x.m * x.n;
}

/// The coefficients of an optimizer's step and the key of dropout never come
/// again.
bool may_repeat(const command_list& what) {
  return std::ranges::none_of(what, [](const command& x) {
    return x.what == kernel::sgd || x.what == kernel::adam
           || x.what == kernel::drop;
  });
}

uint64_t hash_of(const command_list& what) {
  uint64_t hash = what.size();
  for (auto& x : what) {
    auto mix = [&hash](uint64_t value) {
      hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 32;
    };
    mix(static_cast<uint64_t>(x.what));
    mix(x.size[0]);
    for (auto* data : x.data)
      mix(reinterpret_cast<uintptr_t>(data));
  }
  return hash;
}

} // namespace

command_list fuse_relu(const command_list& what) {
  command_list out;
  for (auto& x : what) {
    if (!out.empty() && out.back().what == kernel::product) {
      auto before = to_product(out.back());
      if (!before.relu && is_relu_of(x, before)) {
        before.relu = true;
        out.back() = to_command(before);
        continue;
      }
    }
    out.push_back(x);
  }
  return out;
}

std::span<const std::byte> weights_of(const command_list& what) {
  const std::byte* first = nullptr;
  const std::byte* last = nullptr;
  size_t bytes = 0;
  for (auto& x : what) {
    if (x.what != kernel::product)
      continue;
    auto product = to_product(x);
    if (!product.b_weights)
      continue;
    const auto* b = static_cast<const std::byte*>(product.b);
    auto size = bytes_of_b(product);
    first = first == nullptr ? b : std::min(first, b);
    last = std::max(last, b + size);
    bytes += size;
  }
  if (first == nullptr || static_cast<size_t>(last - first) > 2 * bytes)
    return {};
  return {first, last};
}

void graph_cache::run(const command_list& what) {
  if (what.size() < 2 || !may_repeat(what))
    return to_.run(what);
  auto hash = hash_of(what);
  auto [begin, end] = by_hash_.equal_range(hash);
  auto found = std::find_if(
      begin, end, [&what](const auto& x) { return x.second->what == what; });
  if (found != end) {
    auto at = found->second;
    recent_.splice(recent_.begin(), recent_, at);
    if (!at->known)
      at->known = to_.capture(what);
    ++hits_;
    return to_.run(*at->known);
  }
  recent_.push_front({what, nullptr});
  by_hash_.emplace(hash, recent_.begin());
  if (recent_.size() > most_lists) {
    auto oldest = std::prev(recent_.end());
    std::erase_if(by_hash_,
                  [oldest](const auto& x) { return x.second == oldest; });
    recent_.pop_back();
  }
  to_.run(what);
}

size_t graph_cache::size() const {
  return static_cast<size_t>(std::ranges::count_if(
      recent_, [](const entry& x) { return x.known != nullptr; }));
}

} // namespace nnactor::gpu
