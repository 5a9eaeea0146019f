#include "nnactor/device/gpu/emulator.hpp"

#include "nnactor/device/gpu/bodies.hpp"
#include "nnactor/neuron/random.hpp"

#include <fmt/format.h>

#include <sys/mman.h>

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <variant>

namespace nnactor {

namespace gpu {

namespace {

/// All 256 lanes, one after the other.
class host_lanes {
public:
  template <class F>
  void each(uint64_t n, F f) {
    for (uint64_t i = 0; i < n; ++i)
      f(i);
  }

  template <class F>
  bool any(uint64_t n, F f) {
    auto found = false;
    for (uint64_t i = 0; i < n; ++i)
      found = f(i) || found;
    return found;
  }

  template <class T>
  T* scratch() {
    static_assert(sizeof(T) * lane_count <= sizeof(box_));
    return reinterpret_cast<T*>(box_.data());
  }

private:
  std::array<double, scratch_doubles> box_{};
};

float value_at(const void* data, uint64_t index, bool bfloat16) {
  if (!bfloat16)
    return static_cast<const float*>(data)[index];
  auto bits = static_cast<const uint16_t*>(data)[index];
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

void multiply(const product& x) {
  for (uint64_t i = 0; i < x.m; ++i)
    for (uint64_t j = 0; j < x.n; ++j) {
      auto sum = x.bias == nullptr ? 0.0 : static_cast<double>(x.bias[j]);
      for (uint64_t l = 0; l < x.k; ++l) {
        auto a = x.a_transposed ? l * x.m + i : i * x.k + l;
        auto b = x.b_transposed ? j * x.k + l : l * x.n + j;
        sum += static_cast<double>(value_at(x.a, a, x.bfloat16))
               * static_cast<double>(value_at(x.b, b, x.bfloat16));
      }
      auto& c = x.c[i * x.n + j];
      auto result = static_cast<float>(sum) + (x.accumulate ? c : 0.0f);
      c = x.relu ? formulas::relu(result) : result;
    }
}

void run_now(const command& x) {
  if (x.what == kernel::product)
    return multiply(to_product(x));
  host_lanes lanes;
  with_constant(x.what, [&](auto k) {
    for (uint64_t task = 0; task < tasks_of(x); ++task)
      body(k, x, task, lanes);
  });
}

/// Address space that nobody can touch unless it is open.
class guarded_memory {
public:
  guarded_memory() {
    auto* memory = mmap(nullptr, size, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
      throw std::runtime_error{"there is no memory to emulate a GPU with"};
    first_ = static_cast<std::byte*>(memory);
    // Opening and closing take time for every page that was ever touched.
    static_cast<void>(madvise(memory, size, MADV_HUGEPAGE));
  }

  ~guarded_memory() {
    munmap(first_, size);
  }

  guarded_memory(const guarded_memory&) = delete;
  guarded_memory& operator=(const guarded_memory&) = delete;

  std::byte* take(size_t bytes) {
    constexpr size_t page = 4096;
    bytes = (bytes + page - 1) / page * page;
    if (bytes > size - used_)
      return nullptr;
    auto* out = first_ + used_;
    used_ += bytes;
    return out;
  }

  void open(bool yes) {
    // Part of a huge page would be made into small ones.
    constexpr size_t huge_page = 2 << 20;
    auto bytes = (used_ + huge_page - 1) / huge_page * huge_page;
    mprotect(first_, bytes, yes ? PROT_READ | PROT_WRITE : PROT_NONE);
  }

  static constexpr size_t size = size_t{16} << 30;

private:
  std::byte* first_;
  size_t used_ = 0;
};

struct list_graph final : graph {
  explicit list_graph(command_list x) : what(std::move(x)) {
  }

  command_list what;
};

class emulator final : public launcher {
public:
  explicit emulator(std::optional<uint64_t> seed) : seed_(seed) {
  }

  std::string name() const override {
    return "emulated GPU";
  }

  size_t cache_to_keep() const override {
    return 0;
  }

  bool fuses_relu() const override {
    return true;
  }

  uint64_t memory_bytes() const override {
    return guarded_memory::size;
  }

  std::byte* allocate(size_t bytes) override {
    std::lock_guard guard{mutex_};
    return memory_.take(bytes);
  }

  // Its addresses are not handed out again.
  void free(std::byte*) noexcept override {
  }

  std::byte* allocate_pinned(size_t bytes) override {
    return static_cast<std::byte*>(std::malloc(bytes));
  }

  void free_pinned(std::byte* data) noexcept override {
    std::free(data);
  }

  void run(const command_list& what) override {
    add(stream::compute, [what] {
      for (auto& x : what)
        run_now(x);
    });
  }

  std::unique_ptr<graph> capture(const command_list& what) override {
    return std::make_unique<list_graph>(what);
  }

  void run(graph& what) override {
    run(static_cast<list_graph&>(what).what);
  }

  void copy(stream in, const std::byte* from, std::byte* to,
            size_t bytes) override {
    add(in, [from, to, bytes] { std::memcpy(to, from, bytes); });
  }

  uint64_t mark(stream in) override {
    std::lock_guard guard{mutex_};
    return of(in).added;
  }

  void order(stream later, stream earlier, uint64_t mark) override {
    add(later, [this, earlier, mark] { advance(of(earlier), mark); });
  }

  void wait(stream in, uint64_t mark) override {
    std::lock_guard guard{mutex_};
    advance_open(of(in), mark);
  }

  bool reached(stream in, uint64_t mark) override {
    std::lock_guard guard{mutex_};
    return of(in).done >= mark;
  }

  void keep_cached(std::span<const std::byte>) override {
  }

private:
  struct work {
    uint64_t added = 0;
    uint64_t done = 0;
    std::deque<std::function<void()>> waiting;
  };

  work& of(stream x) {
    return streams_[static_cast<size_t>(x)];
  }

  void add(stream to, std::function<void()> what) {
    std::lock_guard guard{mutex_};
    of(to).waiting.push_back(std::move(what));
    ++of(to).added;
    if (seed_)
      for (auto& x : streams_) {
        auto ahead =
            counter_random{*seed_, 0}.bits(drawn_++) % (x.waiting.size() + 1);
        advance_open(x, x.done + ahead);
      }
  }

  /// Opened once for all that runs now.
  void advance_open(work& x, uint64_t to) {
    if (x.done >= to)
      return;
    memory_.open(true);
    advance(x, to);
    memory_.open(false);
  }

  void advance(work& x, uint64_t to) {
    while (x.done < to) {
      auto next = std::move(x.waiting.front());
      x.waiting.pop_front();
      // It may wait for other streams, but never for its own.
      next();
      ++x.done;
    }
  }

  std::optional<uint64_t> seed_;
  uint64_t drawn_ = 0;
  std::mutex mutex_;
  guarded_memory memory_;
  std::array<work, 3> streams_;
};

} // namespace

} // namespace gpu

std::shared_ptr<gpu::launcher> make_emulator(std::optional<uint64_t> seed) {
  return std::make_shared<gpu::emulator>(seed);
}

} // namespace nnactor
