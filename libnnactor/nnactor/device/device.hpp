#pragma once

#include "nnactor/device/cached_rows.hpp"
#include "nnactor/device/matrix.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/tensor/column_span.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace nnactor {

/// Which values of a sparse matrix [u,c] are there: equally many in each row,
/// in whatever order a device needs them. Of use to the device that made it
/// only.
class sparse_pattern {
public:
  virtual ~sparse_pattern() = default;
};

using pattern_ptr = std::shared_ptr<const sparse_pattern>;

/// A sparse matrix (CSR without row pointers): row by row the values that its
/// pattern has.
struct sparse_matrix {
  matrix values;
  const sparse_pattern& pattern;
};

/// Weights of a dense layer, rounded to bfloat16, in whatever order and memory
/// a device reads them best. Of use to the device that packed them only.
class packed_weights {
public:
  virtual ~packed_weights() = default;
};

using packed_ptr = std::shared_ptr<packed_weights>;

/// Executes the kernels of the engine: one CPU core or one GPU. Not thread
/// safe; exactly one device actor owns each. Kernels read and write the memory
/// of the device, which a CPU shares with everybody; a GPU takes what lies in
/// the host's for them, too, but copies it there and back. Shapes: r rows of a
/// micro-batch, c input columns, u units, p positions, v tokens; r may be 1.
/// Every kernel gives the same bits for the same inputs and shapes on the same
/// device. NaN and infinity pass through, so that a diverged network shows in
/// its loss. Outputs do not overlap inputs unless a kernel says so.
///
/// A kernel that the hardware or its library refuses throws
/// `std::runtime_error` naming the kernel and the shape; the device actor
/// catches it and answers with `ec::device_failure`.
class device {
public:
  virtual ~device() = default;

  virtual std::string name() const = 0;

  /// Bytes of its cache that weights can have to themselves; 0: it cannot tell.
  virtual uint64_t cache_bytes() const {
    return 0;
  }

  // Memory. What a CPU does here is nothing.

  /// Bytes of its own memory; 0: it has none and uses the host's.
  virtual uint64_t memory_bytes() const {
    return 0;
  }

  /// Where `allocate` takes from; null: where the host does.
  virtual memory* away() const {
    return nullptr;
  }

  /// Returns memory that is not initialised.
  virtual byte_buffer allocate(size_t bytes) {
    return byte_buffer{bytes};
  }

  /// Returns memory, not initialised, for what is used again and again.
  virtual byte_buffer workspace(size_t bytes) {
    return allocate(bytes);
  }

  /// Returns a copy of what the host has.
  virtual byte_buffer upload(std::span<const std::byte> from);

  /// Returns the values where kernels read them without a copy of their own.
  tensor place(const tensor& x);

  /// Returns the values where everybody can read them once the block is
  /// finished; kernels find them in place still.
  virtual tensor fetch(const tensor& x) {
    return x;
  }

  /// Ends a block of kernels, which are on their way now: what it fetched is
  /// there after `finish` of the number that this returns.
  virtual uint64_t submit() {
    return 0;
  }

  /// Waits for a block, and with it for those before.
  virtual void finish(uint64_t) {
  }

  void finish() {
    finish(submit());
  }

  /// Forgets the block that something was thrown in.
  virtual void abandon() noexcept {
  }

  // Kernels.

  /// z[r,u] = x[r,c] w[u,c]^T + b[u]; here and below, an empty b counts as 0.
  virtual void affine(matrix x, matrix w, std::span<const float> b,
                      mutable_matrix z) = 0;

  /// dx[r,c] = dz[r,u] w[u,c]
  virtual void affine_input_gradient(matrix dz, matrix w,
                                     mutable_matrix dx) = 0;

  /// dw[u,c] += dz[r,u]^T x[r,c] and, here and below, db[u] += column sums of
  /// dz unless db is empty
  virtual void affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                      std::span<float> db) = 0;

  /// Rounds w[u,c] to bfloat16 for the kernels below, into the memory of `old`
  /// if that is of the same shape, else (null) into new.
  virtual packed_ptr pack(matrix w, packed_ptr old) = 0;

  // The kernels of a dense layer on values that are rounded to bfloat16; sums
  // and results are float32.

  /// z = x w^T + b
  virtual void packed_affine(matrix x, packed_weights& w,
                             std::span<const float> b, mutable_matrix z) = 0;

  /// dx = dz w
  virtual void packed_input_gradient(matrix dz, packed_weights& w,
                                     mutable_matrix dx) = 0;

  /// dw += dz^T x and db += column sums of dz, which are not rounded
  virtual void bfloat16_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                        std::span<float> db) = 0;

  /// Prepares a pattern for the kernels below: `columns` says for each value,
  /// row by row, where it stands, ascending in each row.
  /// @param units Rows of the matrix.
  /// @param inputs Columns of the matrix.
  /// @pre every column is below `inputs`
  virtual pattern_ptr prepare(std::span<const uint32_t> columns, uint64_t units,
                              uint64_t inputs) = 0;

  /// z[r,u] = sum over k of x[r, column(u,k)] w[u,k] + b[u]
  virtual void sparse_affine(matrix x, sparse_matrix w,
                             std::span<const float> b, mutable_matrix z) = 0;

  /// dx[r,c] = sum over all (u,k) with column(u,k) = c of dz[r,u] w[u,k]
  virtual void sparse_input_gradient(matrix dz, sparse_matrix w,
                                     mutable_matrix dx) = 0;

  /// dw[u,k] += sum over r of dz[r,u] x[r, column(u,k)] and db[u] += column
  /// sums of dz
  virtual void sparse_weight_gradient(matrix dz, matrix x,
                                      const sparse_pattern& pattern,
                                      mutable_matrix dw,
                                      std::span<float> db) = 0;

  /// y = act(z); gelu is z/2 (1 + erf(z / sqrt 2)), arXiv 1606.08415, silu is z
  /// sigmoid(z), arXiv 1702.03118. z and y may be the same matrix.
  virtual void activate(activation act, matrix z, mutable_matrix y) = 0;

  /// dz = dy * act'(z), with y = act(z) at hand. Reads z where `needs_z` and y
  /// for all others; the one that is not read may be empty.
  virtual void activate_gradient(activation act, matrix z, matrix y, matrix dy,
                                 mutable_matrix dz) = 0;

  /// y[r, u*p + k] = table[u, tokens[r,k]]; y has u*p columns.
  /// @pre every token is in [0, v)
  virtual void embed(token_matrix tokens, matrix table, mutable_matrix y) = 0;

  /// dtable[u, tokens[r,k]] += dy[r, u*p + k]
  virtual void embed_gradient(token_matrix tokens, matrix dy,
                              mutable_matrix dtable) = 0;

  // The kernels of transformers. Rows are positions of sequences, one sequence
  // after the other; the last may be shorter.

  /// y = act(gate) * up, value by value
  virtual void gate(activation act, matrix gate, matrix up,
                    mutable_matrix y) = 0;

  /// dgate = dy * up * act'(gate) and dup = dy * act(gate)
  virtual void gate_gradient(activation act, matrix gate, matrix up, matrix dy,
                             mutable_matrix dgate, mutable_matrix dup) = 0;

  /// What a norm multiplies by and, of kind layer, adds: row `i` of x has row
  /// `i / repeat mod k` of these [k,c].
  struct norm_rows {
    matrix gain;
    matrix shift; ///< Empty for rms.
    uint64_t repeat = 1;
  };

  struct norm_row_gradients {
    mutable_matrix gain;
    mutable_matrix shift; ///< Empty for rms.
  };

  /// y[r,c] = each row of x, normalised; see `norm_kind`. Mean and mean square
  /// are sums over a row in an order that depends on c alone.
  virtual void normalise(const norm_settings& how, matrix x,
                         const norm_rows& by, mutable_matrix y) = 0;

  /// The gradient of that, of x into dx; the gradients of gain and shift are
  /// added to those in `dby`, on a CPU row after row.
  virtual void normalise_gradient(const norm_settings& how, matrix x,
                                  const norm_rows& by, matrix dy,
                                  mutable_matrix dx,
                                  const norm_row_gradients& dby) = 0;

  /// Rotary positions (arXiv 2104.09864).
  struct rotation {
    uint64_t head_size = 2; ///< x is heads of so many values, side by side.
    uint32_t context = 1;   ///< Positions of a sequence.
    double base = 10000;
    double scale = 1;  ///< Positions are divided by that.
    bool back = false; ///< By the negative angle, as gradients are.
    /// [r,1] of each row in its sequence, below `context`; empty: they follow
    /// each other.
    token_matrix positions = {};
  };

  /// Turns in place, in each head, values j and j + head_size / 2 of a row by
  /// the angle position / scale * base^(-2 j / head_size).
  /// @pre a head has an even number of values
  virtual void rotate(const rotation& how, mutable_matrix x) = 0;

  /// Heads of attention: queries[r, heads * queries * size], keys and values
  /// [r, heads * size]. Query head i asks key head i / queries.
  struct attention_heads {
    uint64_t heads = 1;   ///< Of keys and values.
    uint64_t queries = 1; ///< Query heads for each of them.
    uint64_t size = 1;
    uint32_t context = 1; ///< Positions of a sequence.
    bool causal = true;
    /// A position sees only those less than so many away, itself among them;
    /// 0: all.
    uint64_t window = 0;
  };

  /// y = softmax(q k^T / sqrt(size)) v within each sequence and head, the
  /// logarithms of the sums of exponentials into sums[r, heads * queries].
  /// Takes memory for a few rows of scores only. A NaN reaches whoever sees it
  /// and maybe others, but of its sequence and head only.
  virtual void attend(const attention_heads& how, matrix q, matrix k, matrix v,
                      mutable_matrix y, mutable_matrix sums) = 0;

  /// The gradients of that, from what it gave; scores are computed again
  /// (arXiv 2205.14135).
  struct attended {
    matrix q, k, v, y, sums;
  };
  virtual void attend_gradient(const attention_heads& how, const attended& at,
                               matrix dy, mutable_matrix dq, mutable_matrix dk,
                               mutable_matrix dv) = 0;

  // The kernels of texts that are written token by token. Rows are positions of
  // sequences, in any order and number. What a row gives depends on itself and
  // on what its sequence has in the cache, never on the rows beside it: sums go
  // in an order that no number of rows changes.

  /// z[r,u] = x[r,c] w[u,c]^T + b[u]
  virtual void affine_by_row(matrix x, matrix w, std::span<const float> b,
                             mutable_matrix z) = 0;

  /// x[r,c] = z[r,u] w[u,c]
  virtual void product_by_row(matrix z, matrix w, mutable_matrix x) = 0;

  using cached_rows = nnactor::cached_rows;

  /// cache[where row r is] = x[r]
  virtual void keep_rows(const cached_rows& at, matrix x,
                         mutable_matrix cache) = 0;

  /// Attention of each row to what its sequence has in the cache, up to its own
  /// position: y = softmax(q k^T / sqrt(size)) v, as `attend` of causal heads.
  virtual void attend_cached(const attention_heads& how, const cached_rows& at,
                             matrix q, matrix k, matrix v,
                             mutable_matrix y) = 0;

  /// y[r] = table[slots[r]], or 0 where that is negative
  /// @pre every slot is below the table's rows
  virtual void look_up(token_matrix slots, matrix table, mutable_matrix y) = 0;

  /// dtable[slots[r]] += dy[r], row after row, where that is not negative
  virtual void look_up_gradient(token_matrix slots, matrix dy,
                                mutable_matrix dtable) = 0;

  /// Which values dropout takes away (arXiv 1207.0580).
  struct dropout {
    float share = 0;                   ///< Of the values, below 1.
    uint64_t key = 0;                  ///< Of the step and the layer.
    uint64_t first_row = 0;            ///< Of x among all rows of the step.
    std::span<const uint64_t> columns; ///< What each column of x is, anywhere.
  };

  /// x = 0 where `counter_random{key, column}.uniform(row)` is below the share,
  /// else x / (1 - share), in place.
  virtual void drop(const dropout& how, mutable_matrix x) = 0;

  /// y[r,c] = softmax over each row of z
  virtual void softmax(matrix z, mutable_matrix y) = 0;

  /// Returns the sum over rows of -log softmax(z)[label] and writes
  /// dz = (softmax(z) - onehot(label)) * scale unless dz is empty.
  /// @pre every label is in [0, c)
  virtual double softmax_cross_entropy(matrix z, token_matrix labels,
                                       float scale, mutable_matrix dz) = 0;

  /// What some columns tell of the softmax over all columns, s[r,4]: for each
  /// row of z their largest value, the sum of exp(z - largest), the value at
  /// the label, and 1 if that is the largest, the first of equal ones, else 0.
  /// A negative label is at other columns: the last two are 0 then.
  /// @pre every label is below c
  virtual void softmax_summary(matrix z, token_matrix labels,
                               mutable_matrix s) = 0;

  /// dz = (exp(z - norm[r,0]) * norm[r,1] - onehot(label)) * scale, where the
  /// norm of a row is the largest value of all columns and 1 / the sum of their
  /// exp(z - largest). A negative label is at other columns.
  /// @pre every label is below c
  virtual void softmax_gradient(matrix z, token_matrix labels, matrix norm,
                                float scale, mutable_matrix dz) = 0;

  /// Returns the sum over rows of the mean over columns of (z - t)^2 and
  /// writes dz = 2 (z - t) / c * scale unless dz is empty.
  virtual double mean_squared_error(matrix z, matrix targets, float scale,
                                    mutable_matrix dz) = 0;

  /// Returns the number of rows whose largest value, the first of equal ones,
  /// is at the label.
  /// @pre every label is in [0, c)
  virtual double count_correct(matrix z, token_matrix labels) = 0;

  /// y = 1 at the label of each row, else 0
  /// @pre every label is in [0, c)
  virtual void one_hot(token_matrix labels, mutable_matrix y) = 0;

  /// Copies `count` columns, of equally many rows.
  virtual void copy_columns(matrix from, uint64_t first, uint64_t count,
                            mutable_matrix to, uint64_t at) = 0;

  /// Copies columns of equally many rows, as spans say; what they do not lead
  /// to stays.
  /// @pre they do not overlap where they lead to
  virtual void copy_spans(matrix from, std::span<const column_span> spans,
                          mutable_matrix to) = 0;

  /// x = 0
  virtual void clear(std::span<float> x) = 0;

  /// Rounds to values that bfloat16 has. Both may be the same.
  virtual void round(std::span<const float> x, std::span<float> y) = 0;

  /// x *= factor
  virtual void scale(float factor, std::span<float> x) = 0;

  /// y += x
  virtual void add(std::span<const float> x, std::span<float> y) = 0;

  /// y[r] += row[c], every row
  virtual void add_to_rows(std::span<const float> row, mutable_matrix y) = 0;

  /// sums[c] += column sums of x, row after row
  virtual void add_column_sums(matrix x, std::span<float> sums) = 0;

  /// Returns the sum of squares, accumulated in double precision.
  virtual double squared_norm(std::span<const float> x) = 0;

  /// v = momentum v + (g + decay w); w -= rate v
  virtual void sgd(std::span<float> w, std::span<const float> g,
                   std::span<float> v, float rate, float momentum,
                   float decay) = 0;

  /// Coefficients of one Adam step (arXiv 1412.6980, 1711.05101).
  struct adam_step {
    float rate;         ///< Learning rate.
    float beta1, beta2; ///< Decay of the moments.
    float epsilon;
    float correction1; ///< 1 - beta1^t, t = 1 for the first step.
    float correction2; ///< 1 - beta2^t
    float decay;       ///< Weight decay.
    bool decoupled;    ///< AdamW: w -= rate decay w, not through g.
  };

  /// m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2;
  /// w -= rate (m / c1) / (sqrt(v / c2) + epsilon)
  virtual void adam(std::span<float> w, std::span<const float> g,
                    std::span<float> m, std::span<float> v,
                    const adam_step& how) = 0;
};

/// A matrix for a device to fill.
template <class T>
tensor_builder<T> make(device& dev, shape extent) {
  return {extent, dev.allocate(extent.size() * sizeof(T))};
}

} // namespace nnactor
