#include "device/kernels.hpp"

#include "nnactor/device/gpu/launch_list.hpp"
#include "nnactor/device/gpu/pool.hpp"

using namespace nnactor;
using gpu::command;
using gpu::command_list;
using gpu::kernel;

namespace {

/// Counts what it is asked for, and lets an emulator do it.
class counting_launcher final : public gpu::launcher {
public:
  std::string name() const override {
    return inner_->name();
  }
  size_t cache_to_keep() const override {
    return 1 << 20;
  }
  uint64_t memory_bytes() const override {
    return inner_->memory_bytes();
  }
  bool fuses_relu() const override {
    return fuses;
  }
  std::byte* allocate(size_t bytes) override {
    ++allocations;
    return inner_->allocate(bytes);
  }
  void free(std::byte* data) noexcept override {
    inner_->free(data);
  }
  std::byte* allocate_pinned(size_t bytes) override {
    ++allocations;
    return inner_->allocate_pinned(bytes);
  }
  void free_pinned(std::byte* data) noexcept override {
    inner_->free_pinned(data);
  }
  void run(const command_list& what) override {
    lists.push_back(what);
    inner_->run(what);
  }
  std::unique_ptr<gpu::graph> capture(const command_list& what) override {
    ++captured;
    return inner_->capture(what);
  }
  void run(gpu::graph& what) override {
    ++graphs;
    inner_->run(what);
  }
  void copy(gpu::stream in, const std::byte* from, std::byte* to,
            size_t bytes) override {
    (in == gpu::stream::upload ? uploaded : downloaded) += bytes;
    inner_->copy(in, from, to, bytes);
  }
  uint64_t mark(gpu::stream in) override {
    return inner_->mark(in);
  }
  void order(gpu::stream later, gpu::stream earlier, uint64_t mark) override {
    inner_->order(later, earlier, mark);
  }
  void wait(gpu::stream in, uint64_t mark) override {
    inner_->wait(in, mark);
  }
  bool reached(gpu::stream in, uint64_t mark) override {
    return inner_->reached(in, mark);
  }
  void keep_cached(std::span<const std::byte> what) override {
    cached.push_back(what);
  }

  bool fuses = true;
  std::vector<command_list> lists; ///< Started one by one.
  std::vector<std::span<const std::byte>> cached;
  size_t captured = 0;
  size_t graphs = 0;
  size_t allocations = 0;
  size_t uploaded = 0;
  size_t downloaded = 0;

private:
  std::shared_ptr<gpu::launcher> inner_ = make_emulator();
};

tensor to_tensor(const values& x) {
  tensor_builder<float> out{{x.rows, x.columns}};
  std::ranges::copy(x.data, out.values().begin());
  return std::move(out).share();
}

matrix view(const tensor& x) {
  return {x.values<float>().data(), x.extent().rows, x.extent().columns};
}

/// relu(x w^T + b) there and back, in one block.
struct small_layer {
  explicit small_layer(std::shared_ptr<gpu::launcher> on)
      : dev(make_gpu_device(std::move(on))),
        w(dev->place(to_tensor(values::random(6, 8, 2)))),
        b(dev->place(to_tensor(values::random(1, 6, 3)))) {
  }

  tensor answer(const values& question) {
    auto x = dev->place(to_tensor(question));
    auto y = make<float>(*dev, {question.rows, 6});
    mutable_matrix to{y.values().data(), question.rows, 6};
    dev->affine(view(x), view(w), view(b).values(), to);
    dev->activate(activation::relu, as_const(to), to);
    auto out = dev->fetch(std::move(y).share());
    dev->finish();
    return out;
  }

  values expected(const values& question) {
    auto reference = make_reference_device();
    values y{question.rows, 6};
    reference->affine(question.in(), values::random(6, 8, 2).in(),
                      values::random(1, 6, 3).data, y.out());
    reference->activate(activation::relu, y.in(), y.out());
    return y;
  }

  std::unique_ptr<device> dev;
  tensor w, b;
};

gpu::product any_product(float* memory, uint64_t size) {
  gpu::product x;
  x.a = memory;
  x.b = memory + size;
  x.c = memory + 2 * size;
  x.m = x.n = x.k = 4;
  return x;
}

command relu_of(const gpu::product& x) {
  return {.what = kernel::activate,
          .data = {x.c, x.c},
          .size = {x.m * x.n, static_cast<uint64_t>(activation::relu)}};
}

} // namespace

TEST_CASE("sizes of memory come again and waste little") {
  CHECK(rc::check([] {
    auto bytes = *rc::gen::inRange<size_t>(1, size_t{1} << 40);
    auto size = gpu::rounded_up(bytes);
    RC_ASSERT(size >= bytes);
    RC_ASSERT(size % 512 == 0u);
    RC_ASSERT(size <= bytes + std::max<size_t>(512, bytes / 8));
    RC_ASSERT(gpu::rounded_up(size) == size);
  }));
}

TEST_CASE("memory that came back is given to who asks for as much") {
  auto on = std::make_shared<counting_launcher>();
  auto memory = std::make_shared<gpu::pool>(on, gpu::pool::kind::device);
  const std::byte* first = nullptr;
  {
    auto loan = memory->take(5000);
    first = loan.bytes.data();
    CHECK(loan.last_period == 0);
    CHECK(loan.bytes.away() == memory.get());
    CHECK(memory->owns(first + 4999));
    CHECK_FALSE(memory->owns(&loan));
    memory->enter(7);
  }
  auto again = memory->take(4990);
  CHECK(again.bytes.data() == first);
  CHECK(again.last_period == 7);
  CHECK(memory->take(5000).bytes.data() != first);
  CHECK(on->allocations == 1);
}

TEST_CASE("a GPU without memory says so") {
  auto dev = make_gpu_device(make_emulator());
  CHECK_THROWS_WITH(dev->allocate(size_t{1} << 40),
                    doctest::Contains("no memory is left for 1099511627776 "
                                      "bytes on emulated GPU"));
}

TEST_CASE("a block that failed leaves nothing to the next") {
  auto on = std::make_shared<counting_launcher>();
  auto dev = make_gpu_device(on);
  auto x = make<float>(*dev, {2, 8});
  dev->clear(x.values());
  dev->abandon();
  auto y = dev->fetch(std::move(x).share());
  CHECK(dev->submit() != 0);
  CHECK(on->lists.empty());
}

TEST_CASE("a product does the relu that follows it") {
  float memory[100];
  auto product = any_product(memory, 16);
  command_list list{to_command(product), relu_of(product)};
  auto fused = fuse_relu(list);
  REQUIRE(fused.size() == 1);
  CHECK(to_product(fused.front()).relu);
  SUBCASE("but no other activation") {
    list[1].size[1] = static_cast<uint64_t>(activation::tanh);
    CHECK(fuse_relu(list) == list);
  }
  SUBCASE("nor that of something else") {
    list[1].data[1] = memory;
    CHECK(fuse_relu(list) == list);
  }
  SUBCASE("nor one that comes later") {
    list.insert(list.begin() + 1, {.what = kernel::clear, .size = {1}});
    CHECK(fuse_relu(list) == list);
  }
}

TEST_CASE("the weights of a block are one range if they lie together") {
  std::vector<float> memory(1000);
  auto first = any_product(memory.data(), 100);
  first.b_weights = true;
  auto second = first;
  second.b = memory.data() + 116;
  auto found = gpu::weights_of({to_command(first), to_command(second)});
  CHECK(static_cast<const void*>(found.data()) == first.b);
  CHECK(found.size() == 32 * sizeof(float));
  second.b = memory.data() + 900;
  CHECK(gpu::weights_of({to_command(first), to_command(second)}).empty());
  first.b_weights = false;
  CHECK(gpu::weights_of({to_command(first)}).empty());
}

TEST_CASE("a list that comes again becomes a graph") {
  auto on = std::make_shared<counting_launcher>();
  small_layer layer{on};
  for (int i = 0; i < 6; ++i) {
    auto question = values::random(3, 8, 10 + static_cast<uint64_t>(i));
    auto expected = layer.expected(question);
    auto answer = layer.answer(question);
    CHECK(std::ranges::equal(
        answer.values<float>(), expected.data,
        [](float a, float b) { return std::abs(a - b) < 1e-5f; }));
  }
  // The product does the relu, so that there is one kernel and no graph.
  CHECK(on->graphs == 0);
  CHECK(on->lists.back().size() == 1);
  on->fuses = false;
  // Inputs and outputs of different sizes do not take turns in memory.
  for (int i = 0; i < 4; ++i)
    layer.answer(values::random(300, 8, 1));
  CHECK(on->captured == 1);
  CHECK(on->graphs == 3);
}

TEST_CASE("work that repeats asks the driver for no memory") {
  auto on = std::make_shared<counting_launcher>();
  small_layer layer{on};
  layer.answer(values::random(3, 8, 1));
  auto before = on->allocations;
  for (int i = 0; i < 50; ++i)
    layer.answer(values::random(3, 8, 1));
  CHECK(on->allocations == before);
}

TEST_CASE("weights stay, inputs go there and answers come back") {
  auto on = std::make_shared<counting_launcher>();
  small_layer layer{on};
  auto before = on->uploaded;
  layer.answer(values::random(3, 8, 1));
  CHECK(on->uploaded - before == 3 * 8 * sizeof(float));
  CHECK(on->downloaded == 3 * 6 * sizeof(float));
  REQUIRE(on->cached.size() == 1);
  CHECK(on->cached.front().size() == 6 * 8 * sizeof(float));
  // An answer is where it was computed, too.
  auto answer = layer.answer(values::random(3, 8, 1));
  before = on->uploaded;
  CHECK(layer.dev->place(answer).bytes().away() == layer.dev->away());
  CHECK(on->uploaded == before);
}

TEST_CASE("an optimizer's step is never taken for one that was before") {
  auto on = std::make_shared<counting_launcher>();
  auto dev = make_gpu_device(on);
  auto w = dev->place(to_tensor(values::random(2, 8, 1)));
  auto g = dev->place(to_tensor(values::random(2, 8, 2)));
  auto v = make<float>(*dev, {2, 8});
  auto* weights = const_cast<float*>(view(w).data);
  for (int i = 0; i < 4; ++i) {
    dev->clear(v.values());
    dev->sgd({weights, 16}, view(g).values(), v.values(), 0.1f, 0.9f, 0);
    dev->finish();
  }
  CHECK(on->captured == 0);
  CHECK(on->lists.size() == 4);
}

TEST_CASE("spans, a summary and its gradient are one kernel each") {
  auto on = std::make_shared<counting_launcher>();
  auto dev = make_gpu_device(on);
  auto z = dev->place(to_tensor(values::random(3, 8, 1)));
  auto norm = dev->place(to_tensor(values::random(3, 2, 2)));
  auto out = make<float>(*dev, {3, 8});
  auto kernels_of = [&](auto f) {
    f();
    dev->finish();
    command_list all;
    for (const auto& x : on->lists)
      all.insert(all.end(), x.begin(), x.end());
    on->lists.clear();
    return all.size();
  };
  std::vector<int32_t> labels(3, 1);
  token_matrix of{labels.data(), 3, 1};
  mutable_matrix to{out.values().data(), 3, 8};
  std::vector<column_span> spans = {{4, 0, 2}, {0, 5, 3}, {7, 4, 1}};
  auto before = on->uploaded;
  CHECK(kernels_of([&] { dev->copy_spans(view(z), spans, to); }) == 1);
  CHECK(on->uploaded - before == spans.size() * sizeof(gpu::packed_span));
  CHECK(kernels_of([&] {
          dev->softmax_summary(view(z), of, {out.values().data(), 3, 4});
        })
        == 1);
  CHECK(kernels_of(
            [&] { dev->softmax_gradient(view(z), of, view(norm), 1.0f, to); })
        == 1);
}

TEST_CASE("streams may be as fast or slow as they like") {
  auto expected = small_layer{make_emulator()};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    small_layer layer{make_emulator(seed)};
    // Questions that are still being read when their memory is given back.
    std::vector<tensor> answers;
    for (uint64_t i = 0; i < 8; ++i)
      answers.push_back(layer.answer(values::random(1 + i % 3, 8, i)));
    for (uint64_t i = 0; i < 8; ++i) {
      auto right = expected.answer(values::random(1 + i % 3, 8, i));
      CHECK(same_bits(answers[i].values<float>(), right.values<float>()));
    }
  }
}
