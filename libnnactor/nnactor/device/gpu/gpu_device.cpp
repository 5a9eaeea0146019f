#include "nnactor/device/gpu/gpu_device.hpp"

#include "nnactor/device/formulas.hpp"
#include "nnactor/device/gpu/gpu_transformer.hpp"
#include "nnactor/device/gpu/operands.hpp"
#include "nnactor/device/gpu/task.hpp"

#include <utility>

namespace nnactor {

namespace {

using gpu::command;
using gpu::kernel;

/// Weights in bfloat16, row by row.
struct narrow_weights final : packed_weights {
  byte_buffer values;
};

/// A pattern by rows, as it came, and by columns (CSC).
struct sides final : sparse_pattern {
  byte_buffer columns; ///< uint32_t each, as below.
  byte_buffer first_readers;
  byte_buffer readers; ///< Places among the values.
};

const sides& of(const sparse_pattern& x) {
  return static_cast<const sides&>(x);
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& x) {
  return std::as_bytes(std::span{x});
}

class gpu_device final : public gpu_transformer {
public:
  using gpu_transformer::gpu_transformer;

  std::string name() const override {
    return queue_.where().name();
  }

  uint64_t cache_bytes() const override {
    return queue_.where().cache_to_keep();
  }

  uint64_t memory_bytes() const override {
    return queue_.where().memory_bytes();
  }

  memory* away() const override {
    return &queue_.own();
  }

  byte_buffer allocate(size_t bytes) override {
    return queue_.allocate(bytes);
  }

  byte_buffer upload(std::span<const std::byte> from) override {
    return queue_.upload(from);
  }

  tensor fetch(const tensor& x) override {
    if (x.bytes().away() != away())
      return x;
    tensor out{x.type(), x.extent(), queue_.fetch(x.bytes())};
    out.set_copy(x.bytes());
    return out;
  }

  uint64_t submit() override {
    return queue_.submit();
  }

  void finish(uint64_t block) override {
    queue_.finish(block);
  }

  void abandon() noexcept override {
    queue_.abandon();
  }

  // -- dense layers -----------------------------------------------------------

  void affine(matrix x, matrix w, std::span<const float> b,
              mutable_matrix z) override {
    gpu::operands at{queue_};
    multiply(at, at.in(x), at.in(w), x.columns, b, z, false);
  }

  void affine_input_gradient(matrix dz, matrix w, mutable_matrix dx) override {
    gpu::operands at{queue_};
    multiply_back(at, at.in(dz), at.in(w), dz.columns, dx, false);
  }

  void affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                              std::span<float> db) override {
    gpu::operands at{queue_};
    const auto* from = at.in(dz);
    push_column_sums(at, dz, from, db);
    add_product(at, from, at.in(x), dz.rows, dw, false);
  }

  packed_ptr pack(matrix w, packed_ptr old) override {
    auto out = std::static_pointer_cast<narrow_weights>(std::move(old));
    if (!out) {
      out = std::make_shared<narrow_weights>();
      out->values = queue_.allocate(w.values().size() * sizeof(uint16_t));
    }
    gpu::operands at{queue_};
    push(kernel::narrow, {at.in(w), out->values.data()}, {w.values().size()});
    return out;
  }

  void packed_affine(matrix x, packed_weights& w, std::span<const float> b,
                     mutable_matrix z) override {
    gpu::operands at{queue_};
    multiply(at, narrowed(at, x), values_of(w), x.columns, b, z, true);
  }

  void packed_input_gradient(matrix dz, packed_weights& w,
                             mutable_matrix dx) override {
    gpu::operands at{queue_};
    multiply_back(at, narrowed(at, dz), values_of(w), dz.columns, dx, true);
  }

  void bfloat16_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                std::span<float> db) override {
    gpu::operands at{queue_};
    push_column_sums(at, dz, at.in(dz), db);
    add_product(at, narrowed(at, dz), narrowed(at, x), dz.rows, dw, true);
  }

  // -- sparse layers ----------------------------------------------------------

  pattern_ptr prepare(std::span<const uint32_t> columns, uint64_t,
                      uint64_t inputs) override {
    std::vector<uint32_t> first(inputs + 1), readers(columns.size());
    for (auto column : columns)
      ++first[column + 1];
    for (size_t i = 1; i < first.size(); ++i)
      first[i] += first[i - 1];
    auto next = first;
    for (uint32_t i = 0; i < columns.size(); ++i)
      readers[next[columns[i]]++] = i;
    auto out = std::make_shared<sides>();
    out->columns = queue_.upload(std::as_bytes(columns));
    out->first_readers = queue_.upload(bytes_of(first));
    out->readers = queue_.upload(bytes_of(readers));
    return out;
  }

  void sparse_affine(matrix x, sparse_matrix w, std::span<const float> b,
                     mutable_matrix z) override {
    gpu::operands at{queue_};
    push(kernel::sparse_affine,
         {at.in(x), at.in(w.values), of(w.pattern).columns.data(), bias(at, b),
          at.out(z)},
         {z.values().size(), z.columns, w.values.columns, x.columns});
    at.give_back();
  }

  void sparse_input_gradient(matrix dz, sparse_matrix w,
                             mutable_matrix dx) override {
    gpu::operands at{queue_};
    auto& by = of(w.pattern);
    push(kernel::sparse_input_gradient,
         {at.in(dz), at.in(w.values), by.first_readers.data(),
          by.readers.data(), at.out(dx)},
         {dx.values().size(), dx.columns, dz.columns, w.values.columns});
    at.give_back();
  }

  void sparse_weight_gradient(matrix dz, matrix x,
                              const sparse_pattern& pattern, mutable_matrix dw,
                              std::span<float> db) override {
    gpu::operands at{queue_};
    const auto* dz_there = at.in(dz);
    push(kernel::sparse_weight_gradient,
         {dz_there, at.in(x), of(pattern).columns.data(), at.out(dw)},
         {dw.values().size(), dw.columns, dz.rows, dz.columns, x.columns});
    push_column_sums(at, dz, dz_there, db);
    at.give_back();
  }

  // -- activations, tables of tokens ------------------------------------------

  void activate(activation act, matrix z, mutable_matrix y) override {
    gpu::operands at{queue_};
    push(kernel::activate, {at.in(z), at.out(y)},
         {z.values().size(), static_cast<uint64_t>(act)});
    at.give_back();
  }

  void activate_gradient(activation act, matrix z, matrix y, matrix dy,
                         mutable_matrix dz) override {
    gpu::operands at{queue_};
    push(kernel::activate_gradient,
         {at.in(needs_z(act) ? z : y), at.in(dy), at.out(dz)},
         {dy.values().size(), static_cast<uint64_t>(act)});
    at.give_back();
  }

  void embed(token_matrix tokens, matrix table, mutable_matrix y) override {
    gpu::operands at{queue_};
    push(kernel::embed, {at.in(tokens), at.in(table), at.out(y)},
         {y.values().size(), table.rows, tokens.columns, table.columns});
    at.give_back();
  }

  void embed_gradient(token_matrix tokens, matrix dy,
                      mutable_matrix dtable) override {
    gpu::operands at{queue_};
    push(kernel::embed_gradient, {at.in(tokens), at.in(dy), at.out(dtable)},
         {dtable.columns, dtable.rows, tokens.columns, tokens.rows});
    at.give_back();
  }

  void add_to_rows(std::span<const float> row, mutable_matrix y) override {
    gpu::operands at{queue_};
    push(kernel::add_to_rows, {at.in(row), at.out(y)},
         {y.values().size(), y.columns});
    at.give_back();
  }

  void add_column_sums(matrix x, std::span<float> sums) override {
    gpu::operands at{queue_};
    push_column_sums(at, x, at.in(x), sums);
    at.give_back();
  }

  // -- losses -----------------------------------------------------------------

  void softmax(matrix z, mutable_matrix y) override {
    gpu::operands at{queue_};
    push(kernel::softmax, {at.in(z), at.out(y)}, {z.rows, z.columns});
    at.give_back();
  }

  double softmax_cross_entropy(matrix z, token_matrix labels, float scale,
                               mutable_matrix dz) override {
    gpu::operands at{queue_};
    auto* losses = at.scratch<double>(z.rows);
    push(kernel::cross_entropy, {at.in(z), at.in(labels), at.out(dz), losses},
         {z.rows, z.columns}, {scale});
    return finish_sum(at, losses, z.rows);
  }

  void softmax_summary(matrix z, token_matrix labels,
                       mutable_matrix s) override {
    gpu::operands at{queue_};
    push(kernel::softmax_summary, {at.in(z), at.in(labels), at.out(s)},
         {z.rows, z.columns});
    at.give_back();
  }

  void softmax_gradient(matrix z, token_matrix labels, matrix norm, float scale,
                        mutable_matrix dz) override {
    gpu::operands at{queue_};
    push(kernel::softmax_gradient,
         {at.in(z), at.in(labels), at.in(norm), at.out(dz)},
         {z.values().size(), z.columns}, {scale});
    at.give_back();
  }

  double mean_squared_error(matrix z, matrix targets, float scale,
                            mutable_matrix dz) override {
    gpu::operands at{queue_};
    auto* losses = at.scratch<double>(z.rows);
    push(kernel::squared_error, {at.in(z), at.in(targets), at.out(dz), losses},
         {z.rows, z.columns}, {2.0f / static_cast<float>(z.columns) * scale});
    return finish_sum(at, losses, z.rows);
  }

  double count_correct(matrix z, token_matrix labels) override {
    gpu::operands at{queue_};
    auto* counts = at.scratch<double>(z.rows);
    push(kernel::count_correct, {at.in(z), at.in(labels), counts},
         {z.rows, z.columns});
    return finish_sum(at, counts, z.rows);
  }

  void one_hot(token_matrix labels, mutable_matrix y) override {
    gpu::operands at{queue_};
    push(kernel::one_hot, {at.in(labels), at.out(y)},
         {y.values().size(), y.columns});
    at.give_back();
  }

  // -- plain values -----------------------------------------------------------

  void copy_columns(matrix from, uint64_t first, uint64_t count,
                    mutable_matrix to, uint64_t at_column) override {
    gpu::operands at{queue_};
    push(
        kernel::copy_columns, {at.in(from), at.out(to)},
        {from.rows * count, count, from.columns, first, to.columns, at_column});
    at.give_back();
  }

  void copy_spans(matrix from, std::span<const column_span> spans,
                  mutable_matrix to) override {
    std::vector<gpu::packed_span> packed;
    uint64_t columns = 0;
    for (const auto& x : spans) {
      packed.push_back({columns, x.from, x.to});
      columns += x.count;
    }
    gpu::operands at{queue_};
    push(kernel::copy_spans,
         {at.in(from), at.out(to), at.in(std::span{std::as_const(packed)})},
         {from.rows * columns, columns, packed.size(), from.columns,
          to.columns});
    at.give_back();
  }

  void clear(std::span<float> x) override {
    gpu::operands at{queue_};
    push(kernel::clear, {at.out(x)}, {x.size()});
    at.give_back();
  }

  void round(std::span<const float> x, std::span<float> y) override {
    gpu::operands at{queue_};
    push(kernel::round, {at.in(x), at.out(y)}, {x.size()});
    at.give_back();
  }

  void scale(float factor, std::span<float> x) override {
    gpu::operands at{queue_};
    push(kernel::scale, {at.out(x)}, {x.size()}, {factor});
    at.give_back();
  }

  void add(std::span<const float> x, std::span<float> y) override {
    gpu::operands at{queue_};
    push(kernel::add, {at.in(x), at.out(y)}, {x.size()});
    at.give_back();
  }

  double squared_norm(std::span<const float> x) override {
    if (x.empty())
      return 0;
    gpu::operands at{queue_};
    command norm{.what = kernel::squared_norm, .size = {x.size()}};
    auto parts = tasks_of(norm);
    auto* sums = at.scratch<double>(parts);
    push(kernel::squared_norm, {at.in(x), sums}, {x.size()});
    return finish_sum(at, sums, parts);
  }

  void sgd(std::span<float> w, std::span<const float> g, std::span<float> v,
           float rate, float momentum, float decay) override {
    gpu::operands at{queue_};
    push(kernel::sgd, {at.out(w), at.in(g), at.out(v)}, {w.size()},
         {rate, momentum, decay});
    at.give_back();
  }

  void adam(std::span<float> w, std::span<const float> g, std::span<float> m,
            std::span<float> v, const adam_step& how) override {
    gpu::operands at{queue_};
    auto by = formulas::factors(how);
    push(kernel::adam, {at.out(w), at.in(g), at.out(m), at.out(v)}, {w.size()},
         {by.rate, by.beta1, by.beta2, by.epsilon, by.inverse_correction1,
          by.inverse_correction2, by.coupled, by.shrink});
    at.give_back();
  }

private:
  static const void* values_of(const packed_weights& w) {
    return static_cast<const narrow_weights&>(w).values.data();
  }

  void push_product(gpu::operands& at, const gpu::product& what) {
    queue_.push(gpu::to_command(what));
    at.give_back();
  }

  /// z = x w^T + b
  void multiply(gpu::operands& at, const void* x, const void* w,
                uint64_t inputs, std::span<const float> b, mutable_matrix z,
                bool bfloat16) {
    push_product(at, {.a = x,
                      .b = w,
                      .c = at.out(z),
                      .bias = bias(at, b),
                      .m = z.rows,
                      .n = z.columns,
                      .k = inputs,
                      .b_transposed = true,
                      .bfloat16 = bfloat16,
                      .b_weights = true});
  }

  /// dx = dz w
  void multiply_back(gpu::operands& at, const void* dz, const void* w,
                     uint64_t units, mutable_matrix dx, bool bfloat16) {
    push_product(at, {.a = dz,
                      .b = w,
                      .c = at.out(dx),
                      .m = dx.rows,
                      .n = dx.columns,
                      .k = units,
                      .bfloat16 = bfloat16,
                      .b_weights = true});
  }

  /// dw += dz^T x
  void add_product(gpu::operands& at, const void* dz, const void* x,
                   uint64_t rows, mutable_matrix dw, bool bfloat16) {
    push_product(at, {.a = dz,
                      .b = x,
                      .c = at.out(dw),
                      .m = dw.rows,
                      .n = dw.columns,
                      .k = rows,
                      .a_transposed = true,
                      .accumulate = true,
                      .bfloat16 = bfloat16});
  }

  /// Null where there is none.
  static const float* bias(gpu::operands& at, std::span<const float> b) {
    return b.empty() ? nullptr : at.in(b);
  }

  /// Nothing where `sums` is empty.
  void push_column_sums(gpu::operands& at, matrix x, const float* there,
                        std::span<float> sums) {
    if (sums.empty())
      return;
    push(kernel::column_sums, {there, at.out(sums)}, {x.columns, x.rows});
  }

  const uint16_t* narrowed(gpu::operands& at, matrix x) {
    auto* out = at.scratch<uint16_t>(x.values().size());
    push(kernel::narrow, {at.in(x), out}, {x.values().size()});
    return out;
  }

  /// Waits for the sum of what kernels leave.
  double finish_sum(gpu::operands& at, const double* parts, uint64_t count) {
    auto* sum = at.scratch<double>(1);
    push(kernel::sum, {parts, sum}, {1, count});
    auto out = 0.0;
    queue_.read(reinterpret_cast<const std::byte*>(sum),
                std::as_writable_bytes(std::span{&out, 1}));
    at.give_back();
    return out;
  }
};

} // namespace

std::unique_ptr<device> make_gpu_device(std::shared_ptr<gpu::launcher> with) {
  return std::make_unique<gpu_device>(std::move(with));
}

} // namespace nnactor
