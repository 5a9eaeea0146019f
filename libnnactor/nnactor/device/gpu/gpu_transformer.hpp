#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/device/gpu/kernel_queue.hpp"
#include "nnactor/device/rotary_tables.hpp"

#include <initializer_list>
#include <memory>

namespace nnactor {

/// The kernels of transformers as commands of a GPU; a device adds the others,
/// through the same queue.
class gpu_transformer : public device {
public:
  explicit gpu_transformer(std::shared_ptr<gpu::launcher> with);

  void gate(activation act, matrix gate, matrix up, mutable_matrix y) override;
  void gate_gradient(activation act, matrix gate, matrix up, matrix dy,
                     mutable_matrix dgate, mutable_matrix dup) override;
  void normalise(const norm_settings& how, matrix x, const norm_rows& by,
                 mutable_matrix y) override;
  void normalise_gradient(const norm_settings& how, matrix x,
                          const norm_rows& by, matrix dy, mutable_matrix dx,
                          const norm_row_gradients& dby) override;
  void rotate(const rotation& how, mutable_matrix x) override;
  void attend(const attention_heads& how, matrix q, matrix k, matrix v,
              mutable_matrix y, mutable_matrix sums) override;
  void attend_gradient(const attention_heads& how, const attended& of,
                       matrix dy, mutable_matrix dq, mutable_matrix dk,
                       mutable_matrix dv) override;
  void affine_by_row(matrix x, matrix w, std::span<const float> b,
                     mutable_matrix z) override;
  void product_by_row(matrix z, matrix w, mutable_matrix x) override;
  void keep_rows(const cached_rows& at, matrix x,
                 mutable_matrix cache) override;
  void attend_cached(const attention_heads& how, const cached_rows& at,
                     matrix q, matrix k, matrix v, mutable_matrix y) override;
  void look_up(token_matrix slots, matrix table, mutable_matrix y) override;
  void look_up_gradient(token_matrix slots, matrix dy,
                        mutable_matrix dtable) override;
  void drop(const dropout& how, mutable_matrix x) override;

protected:
  /// Nothing where the first of `size`, of what there is to do, is 0.
  void push(gpu::kernel what, std::initializer_list<const void*> data,
            std::initializer_list<uint64_t> size,
            std::initializer_list<float> value = {});

  gpu::kernel_queue queue_;

private:
  rotary_tables<byte_buffer> rotary_;
};

} // namespace nnactor
