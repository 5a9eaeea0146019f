#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/device/rotary_tables.hpp"

namespace nnactor {

/// Every kernel as a plain loop in the order of its formula. Serves as the
/// reference device; devices with faster kernels override those they have.
class host_device : public device {
public:
  std::string name() const override;

  void affine(matrix x, matrix w, std::span<const float> b,
              mutable_matrix z) override;
  void affine_input_gradient(matrix dz, matrix w, mutable_matrix dx) override;
  void affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                              std::span<float> db) override;

  packed_ptr pack(matrix w, packed_ptr old) override;
  void packed_affine(matrix x, packed_weights& w, std::span<const float> b,
                     mutable_matrix z) override;
  void packed_input_gradient(matrix dz, packed_weights& w,
                             mutable_matrix dx) override;
  void bfloat16_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                std::span<float> db) override;

  pattern_ptr prepare(std::span<const uint32_t> columns, uint64_t units,
                      uint64_t inputs) override;
  void sparse_affine(matrix x, sparse_matrix w, std::span<const float> b,
                     mutable_matrix z) override;
  void sparse_input_gradient(matrix dz, sparse_matrix w,
                             mutable_matrix dx) override;
  void sparse_weight_gradient(matrix dz, matrix x,
                              const sparse_pattern& pattern, mutable_matrix dw,
                              std::span<float> db) override;

  void activate(activation act, matrix z, mutable_matrix y) override;
  void activate_gradient(activation act, matrix z, matrix y, matrix dy,
                         mutable_matrix dz) override;

  void embed(token_matrix tokens, matrix table, mutable_matrix y) override;
  void embed_gradient(token_matrix tokens, matrix dy,
                      mutable_matrix dtable) override;

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
  void attend_gradient(const attention_heads& how, const attended& at,
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

  void softmax(matrix z, mutable_matrix y) override;
  double softmax_cross_entropy(matrix z, token_matrix labels, float scale,
                               mutable_matrix dz) override;
  void softmax_summary(matrix z, token_matrix labels,
                       mutable_matrix s) override;
  void softmax_gradient(matrix z, token_matrix labels, matrix norm, float scale,
                        mutable_matrix dz) override;
  double mean_squared_error(matrix z, matrix targets, float scale,
                            mutable_matrix dz) override;

  double count_correct(matrix z, token_matrix labels) override;
  void one_hot(token_matrix labels, mutable_matrix y) override;
  void copy_columns(matrix from, uint64_t first, uint64_t count,
                    mutable_matrix to, uint64_t at) override;
  void copy_spans(matrix from, std::span<const column_span> spans,
                  mutable_matrix to) override;
  void clear(std::span<float> x) override;
  void round(std::span<const float> x, std::span<float> y) override;
  void scale(float factor, std::span<float> x) override;
  void add(std::span<const float> x, std::span<float> y) override;
  void add_to_rows(std::span<const float> row, mutable_matrix y) override;
  void add_column_sums(matrix x, std::span<float> sums) override;
  double squared_norm(std::span<const float> x) override;
  void sgd(std::span<float> w, std::span<const float> g, std::span<float> v,
           float rate, float momentum, float decay) override;
  void adam(std::span<float> w, std::span<const float> g, std::span<float> m,
            std::span<float> v, const adam_step& how) override;

private:
  rotary_tables<std::vector<float>> rotary_;
};

} // namespace nnactor
