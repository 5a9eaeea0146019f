// Compiled where CUDA is found.
#include "nnactor/device/cuda/cuda_launcher.hpp"

#include "nnactor/device/cuda/cuda_check.hpp"
#include "nnactor/device/cuda/kernels.hpp"
#include "nnactor/device/cuda/products.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

namespace nnactor {

namespace cuda {

namespace {

/// Work in order, and marks in it.
class event_stream {
public:
  event_stream() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking),
          "making a stream");
    for (auto& event : events_)
      check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming),
            "making an event");
  }

  ~event_stream() {
    for (auto event : events_)
      if (event != nullptr)
        cudaEventDestroy(event);
    cudaStreamDestroy(stream_);
  }

  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  cudaStream_t get() const {
    return stream_;
  }

  uint64_t mark() {
    ++last_;
    check(cudaEventRecord(at(last_), stream_), "marking a stream");
    return last_;
  }

  /// An event that comes no earlier than the mark: those of long ago stand for
  /// later ones.
  cudaEvent_t at(uint64_t mark) const {
    return events_[mark % events_.size()];
  }

private:
  cudaStream_t stream_ = nullptr;
  std::array<cudaEvent_t, 1024> events_{};
  uint64_t last_ = 0;
};

class captured_graph final : public gpu::graph {
public:
  explicit captured_graph(cudaGraph_t from) {
    auto status = cudaGraphInstantiate(&ready_, from, 0);
    cudaGraphDestroy(from);
    check(status, "making a graph ready");
  }

  ~captured_graph() override {
    cudaGraphExecDestroy(ready_);
  }

  void launch(cudaStream_t in) {
    check(cudaGraphLaunch(ready_, in), "starting a graph");
  }

private:
  cudaGraphExec_t ready_ = nullptr;
};

class cuda_launcher final : public gpu::launcher {
public:
  cuda_launcher(uint32_t index, const cudaDeviceProp& about)
      : index_(static_cast<int>(index)),
        name_("gpu:" + std::to_string(index) + " (" + about.name + ")"),
        memory_(about.totalGlobalMem),
        window_(static_cast<size_t>(about.accessPolicyMaxWindowSize)) {
    enter();
    streams_ = std::make_unique<std::array<event_stream, 3>>();
    products_ = std::make_unique<products>();
    // Not every GPU has it, nor every way to share one.
    auto most = static_cast<size_t>(about.persistingL2CacheMaxSize);
    if (cudaDeviceSetLimit(cudaLimitPersistingL2CacheSize, most) == cudaSuccess)
      cache_ = most;
    cudaGetLastError();
    fuses_relu_ = keeps_what_is_not_a_number();
  }

  ~cuda_launcher() override {
    cudaSetDevice(index_);
    products_.reset();
    streams_.reset();
  }

  std::string name() const override {
    return name_;
  }

  size_t cache_to_keep() const override {
    return cache_;
  }

  bool fuses_relu() const override {
    return fuses_relu_;
  }

  uint64_t memory_bytes() const override {
    return memory_;
  }

  std::byte* allocate(size_t bytes) override {
    enter();
    void* out = nullptr;
    return given(cudaMalloc(&out, bytes), out, "allocating memory of a GPU");
  }

  void free(std::byte* data) noexcept override {
    cudaSetDevice(index_);
    cudaFree(data);
  }

  std::byte* allocate_pinned(size_t bytes) override {
    enter();
    void* out = nullptr;
    return given(cudaHostAlloc(&out, bytes, cudaHostAllocPortable), out,
                 "pinning memory");
  }

  void free_pinned(std::byte* data) noexcept override {
    cudaSetDevice(index_);
    cudaFreeHost(data);
  }

  void run(const gpu::command_list& what) override {
    std::lock_guard guard{mutex_};
    enter();
    start(what);
  }

  std::unique_ptr<gpu::graph> capture(const gpu::command_list& what) override {
    std::lock_guard guard{mutex_};
    enter();
    auto in = at(gpu::stream::compute).get();
    check(cudaStreamBeginCapture(in, cudaStreamCaptureModeThreadLocal),
          "capturing a graph");
    cudaGraph_t found = nullptr;
    try {
      start(what);
    } catch (...) {
      cudaStreamEndCapture(in, &found);
      if (found != nullptr)
        cudaGraphDestroy(found);
      throw;
    }
    check(cudaStreamEndCapture(in, &found), "capturing a graph");
    return std::make_unique<captured_graph>(found);
  }

  void run(gpu::graph& what) override {
    std::lock_guard guard{mutex_};
    enter();
    static_cast<captured_graph&>(what).launch(at(gpu::stream::compute).get());
  }

  void copy(gpu::stream in, const std::byte* from, std::byte* to,
            size_t bytes) override {
    std::lock_guard guard{mutex_};
    enter();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, at(in).get()),
          "copying");
  }

  uint64_t mark(gpu::stream in) override {
    std::lock_guard guard{mutex_};
    enter();
    return at(in).mark();
  }

  void order(gpu::stream later, gpu::stream earlier, uint64_t mark) override {
    std::lock_guard guard{mutex_};
    enter();
    check(cudaStreamWaitEvent(at(later).get(), at(earlier).at(mark), 0),
          "ordering streams");
  }

  // Others go on meanwhile.
  void wait(gpu::stream in, uint64_t mark) override {
    enter();
    check(cudaEventSynchronize(at(in).at(mark)), "waiting for a GPU");
  }

  bool reached(gpu::stream in, uint64_t mark) override {
    std::lock_guard guard{mutex_};
    enter();
    auto status = cudaEventQuery(at(in).at(mark));
    if (status == cudaErrorNotReady) {
      // Not to be taken for a failure by whoever asks next.
      cudaGetLastError();
      return false;
    }
    check(status, "asking a GPU");
    return true;
  }

  void keep_cached(std::span<const std::byte> what) override {
    std::lock_guard guard{mutex_};
    enter();
    auto bytes = std::min(what.size(), window_);
    cudaStreamAttrValue value{};
    auto& window = value.accessPolicyWindow;
    window.base_ptr = const_cast<std::byte*>(what.data());
    window.num_bytes = bytes;
    // More than there is room for would push itself out.
    window.hitRatio =
        std::min(1.0f, static_cast<float>(cache_) / static_cast<float>(bytes));
    window.hitProp = cudaAccessPropertyPersisting;
    window.missProp = cudaAccessPropertyStreaming;
    auto in = at(gpu::stream::compute).get();
    check(cudaStreamSetAttribute(in, cudaStreamAttributeAccessPolicyWindow,
                                 &value),
          "keeping weights in the L2");
  }

private:
  void enter() {
    check(cudaSetDevice(index_), "choosing a GPU");
  }

  event_stream& at(gpu::stream which) {
    return (*streams_)[static_cast<size_t>(which)];
  }

  /// Null where memory is short.
  static std::byte* given(cudaError_t status, void* data, const char* call) {
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      return nullptr;
    }
    check(status, call);
    return static_cast<std::byte*>(data);
  }

  void start(const gpu::command_list& what) {
    auto in = at(gpu::stream::compute).get();
    for (auto& x : what)
      if (x.what == gpu::kernel::product)
        products_->run(gpu::to_product(x), in);
      else
        launch(x, in);
  }

  /// A diverged network must show in its loss, so a product that turns NaN
  /// into 0 must not do relu. Which do is written nowhere.
  bool keeps_what_is_not_a_number() {
    constexpr size_t side = 16;
    std::array<float, side * side> values;
    values.fill(std::numeric_limits<float>::quiet_NaN());
    void* memory = nullptr;
    auto in = at(gpu::stream::compute).get();
    check(cudaMalloc(&memory, 3 * sizeof(values)), "allocating");
    auto* x = static_cast<float*>(memory);
    auto status = cudaMemcpyAsync(x, values.data(), sizeof(values),
                                  cudaMemcpyHostToDevice, in);
    gpu::product probe{.a = x,
                       .b = x,
                       .c = x + 2 * values.size(),
                       .bias = x,
                       .m = side,
                       .n = side,
                       .k = side,
                       .b_transposed = true,
                       .relu = true};
    products_->run(probe, in);
    if (status == cudaSuccess)
      status = cudaMemcpyAsync(values.data(), probe.c, sizeof(values),
                               cudaMemcpyDeviceToHost, in);
    if (status == cudaSuccess)
      status = cudaStreamSynchronize(in);
    cudaFree(memory);
    check(status, "trying a product");
    return std::ranges::all_of(values, [](float y) { return std::isnan(y); });
  }

  int index_;
  std::string name_;
  uint64_t memory_;
  size_t window_;
  size_t cache_ = 0;
  bool fuses_relu_ = false;
  std::mutex mutex_;
  std::unique_ptr<std::array<event_stream, 3>> streams_;
  std::unique_ptr<products> products_;
};

} // namespace

} // namespace cuda

result<std::shared_ptr<gpu::launcher>> make_cuda_launcher(uint32_t index) {
  int count = 0;
  // Without a driver this fails, and there is none.
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();
    count = 0;
  }
  if (index >= static_cast<uint32_t>(count))
    return fail(ec::invalid_argument,
                "there is no gpu:{}: CUDA finds {} on this machine; see "
                "nnactor devices",
                index, count == 0 ? "none" : fmt::format("{}", count));
  try {
    cudaDeviceProp about{};
    cuda::check(cudaGetDeviceProperties(&about, static_cast<int>(index)),
                "asking a GPU");
    return std::shared_ptr<gpu::launcher>{
        std::make_shared<cuda::cuda_launcher>(index, about)};
  } catch (const std::exception& what) {
    return fail(ec::invalid_argument, "gpu:{} cannot be used: {}", index,
                what.what());
  }
}

} // namespace nnactor
