#include "nnactor/device/gpu/gpu_transformer.hpp"

#include "nnactor/device/gpu/operands.hpp"
#include "nnactor/device/gpu/row_bodies.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

using gpu::kernel;

namespace {

uint64_t is_layer(const norm_settings& how) {
  return how.kind == norm_kind::layer ? 1 : 0;
}

matrix shift_of(const norm_settings& how, const device::norm_rows& by) {
  return is_layer(how) != 0 ? by.shift : matrix{};
}

uint64_t what_is_seen(const device::attention_heads& how) {
  return how.window * 2 + (how.causal ? 1 : 0);
}

float scale_of(const device::attention_heads& how) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(how.size)));
}

} // namespace

gpu_transformer::gpu_transformer(std::shared_ptr<gpu::launcher> with)
    : queue_(std::move(with)) {
}

void gpu_transformer::push(kernel what, std::initializer_list<const void*> data,
                           std::initializer_list<uint64_t> size,
                           std::initializer_list<float> value) {
  if (*size.begin() == 0)
    return;
  gpu::command x{.what = what};
  std::ranges::copy(data, x.data);
  std::ranges::copy(size, x.size);
  std::ranges::copy(value, x.value);
  queue_.push(x);
}

void gpu_transformer::gate(activation act, matrix gate, matrix up,
                           mutable_matrix y) {
  gpu::operands at{queue_};
  push(kernel::gate, {at.in(gate), at.in(up), at.out(y)},
       {y.values().size(), static_cast<uint64_t>(act)});
  at.give_back();
}

void gpu_transformer::gate_gradient(activation act, matrix gate, matrix up,
                                    matrix dy, mutable_matrix dgate,
                                    mutable_matrix dup) {
  gpu::operands at{queue_};
  push(kernel::gate_gradient,
       {at.in(gate), at.in(up), at.in(dy), at.out(dgate), at.out(dup)},
       {dy.values().size(), static_cast<uint64_t>(act)});
  at.give_back();
}

void gpu_transformer::normalise(const norm_settings& how, matrix x,
                                const norm_rows& by, mutable_matrix y) {
  gpu::operands at{queue_};
  push(kernel::normalise,
       {at.in(x), at.in(by.gain), at.in(shift_of(how, by)), at.out(y)},
       {x.rows, x.columns, by.gain.rows, by.repeat, is_layer(how)},
       {static_cast<float>(how.epsilon)});
  at.give_back();
}

void gpu_transformer::normalise_gradient(const norm_settings& how, matrix x,
                                         const norm_rows& by, matrix dy,
                                         mutable_matrix dx,
                                         const norm_row_gradients& dby) {
  gpu::operands at{queue_};
  auto* moments = at.scratch<float>(2 * x.rows);
  const auto* x_there = at.in(x);
  const auto* dy_there = at.in(dy);
  push(kernel::normalise_gradient,
       {x_there, at.in(by.gain), dy_there, at.out(dx), moments},
       {x.rows, x.columns, by.gain.rows, by.repeat, is_layer(how)},
       {static_cast<float>(how.epsilon)});
  auto* shift = is_layer(how) != 0 ? at.out(dby.shift) : nullptr;
  push(kernel::norm_row_gradients,
       {x_there, dy_there, moments, at.out(dby.gain), shift},
       {dby.gain.values().size(), x.columns, by.gain.rows, by.repeat, x.rows});
  at.give_back();
}

void gpu_transformer::rotate(const rotation& how, mutable_matrix x) {
  gpu::operands at{queue_};
  auto& table = rotary_.of(how, [&] {
    auto angles = rotary_table(how);
    return queue_.upload(std::as_bytes(std::span{angles}));
  });
  push(kernel::rotate, {at.out(x), table.data(), at.in(how.positions)},
       {x.values().size() / 2, x.columns, how.head_size, how.context},
       {how.back ? -1.0f : 1.0f});
  at.give_back();
}

void gpu_transformer::attend(const attention_heads& how, matrix q, matrix k,
                             matrix v, mutable_matrix y, mutable_matrix sums) {
  gpu::operands at{queue_};
  push(kernel::attend, {at.in(q), at.in(k), at.in(v), at.out(y), at.out(sums)},
       {sums.values().size(), how.heads, how.queries, how.size, how.context,
        what_is_seen(how)},
       {scale_of(how)});
  at.give_back();
}

void gpu_transformer::attend_gradient(const attention_heads& how,
                                      const attended& of, matrix dy,
                                      mutable_matrix dq, mutable_matrix dk,
                                      mutable_matrix dv) {
  gpu::operands at{queue_};
  const auto* q = at.in(of.q);
  const auto* k = at.in(of.k);
  const auto* v = at.in(of.v);
  const auto* sums = at.in(of.sums);
  const auto* dy_there = at.in(dy);
  auto* means = at.scratch<float>(of.sums.values().size());
  push(kernel::attend_gradient_queries,
       {q, k, v, at.in(of.y), sums, dy_there, at.out(dq), means},
       {of.sums.values().size(), how.heads, how.queries, how.size, how.context,
        what_is_seen(how)},
       {scale_of(how)});
  push(kernel::attend_gradient_keys,
       {q, k, v, sums, dy_there, means, at.out(dk), at.out(dv)},
       {dk.rows * how.heads, how.heads, how.queries, how.size, how.context,
        what_is_seen(how)},
       {scale_of(how)});
  at.give_back();
}

void gpu_transformer::affine_by_row(matrix x, matrix w,
                                    std::span<const float> b,
                                    mutable_matrix z) {
  gpu::operands at{queue_};
  auto tasks = gpu::parts_of(z.rows, gpu::rows_at_once)
               * gpu::parts_of(z.columns, gpu::units_at_once);
  push(kernel::affine_by_row,
       {at.in(x), at.in(w), b.empty() ? nullptr : at.in(b), at.out(z)},
       {tasks, z.rows, x.columns, z.columns});
  at.give_back();
}

void gpu_transformer::product_by_row(matrix z, matrix w, mutable_matrix x) {
  gpu::operands at{queue_};
  auto tasks = gpu::parts_of(x.rows, gpu::rows_at_once)
               * gpu::parts_of(x.columns, gpu::columns_at_once);
  push(kernel::product_by_row, {at.in(z), at.in(w), at.out(x)},
       {tasks, x.rows, z.columns, x.columns});
  at.give_back();
}

void gpu_transformer::keep_rows(const cached_rows& of, matrix x,
                                mutable_matrix cache) {
  gpu::operands at{queue_};
  push(kernel::keep_rows,
       {at.in(of.positions), at.in(of.first_page), at.in(of.pages), at.in(x),
        at.out(cache)},
       {x.values().size(), x.columns});
  at.give_back();
}

void gpu_transformer::attend_cached(const attention_heads& how,
                                    const cached_rows& of, matrix q, matrix k,
                                    matrix v, mutable_matrix y) {
  gpu::operands at{queue_};
  push(kernel::attend_cached,
       {at.in(q), at.in(k), at.in(v), at.out(y), at.in(of.positions),
        at.in(of.first_page), at.in(of.pages)},
       {q.rows * how.heads * how.queries, how.heads, how.queries, how.size,
        how.context, what_is_seen(how)},
       {scale_of(how)});
  at.give_back();
}

void gpu_transformer::look_up(token_matrix slots, matrix table,
                              mutable_matrix y) {
  gpu::operands at{queue_};
  push(kernel::look_up, {at.in(slots), at.in(table), at.out(y)},
       {y.values().size(), y.columns});
  at.give_back();
}

void gpu_transformer::look_up_gradient(token_matrix slots, matrix dy,
                                       mutable_matrix dtable) {
  gpu::operands at{queue_};
  push(kernel::look_up_gradient, {at.in(slots), at.in(dy), at.out(dtable)},
       {dtable.rows, dtable.columns, dy.rows});
  at.give_back();
}

void gpu_transformer::drop(const dropout& how, mutable_matrix x) {
  gpu::operands at{queue_};
  push(kernel::drop, {at.out(x), at.in(how.columns)},
       {x.values().size(), x.columns, how.key, how.first_row}, {how.share});
  at.give_back();
}

} // namespace nnactor
