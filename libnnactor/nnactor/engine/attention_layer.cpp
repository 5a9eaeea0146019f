#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/engine/projection.hpp"
#include "nnactor/engine/stream_input.hpp"

namespace nnactor {

namespace {

/// Indices into `layer::parameter_rows` of attention.
enum parameter_of : size_t {
  query_rows,
  key_rows,
  value_rows,
  output_rows,
  query_bias,
  key_bias,
  value_bias
};

/// Key and value heads, each with the query heads that ask it (arXiv
/// 1706.03762; grouped: 2305.13245), of a normalised stream n. A group gives
/// what its heads add to all columns.
class attention_layer : public layer_maths {
public:
  attention_layer(const layer& what, const layer& stream, uint64_t neurons,
                  uint32_t context, const train_settings& how)
      : layer_maths(what, neurons, {}, how), input_(stream),
        settings_(what.attention),
        bias_(what.bias), heads_{.heads = neurons,
                                 .queries = settings_.queries,
                                 .size = settings_.head_size,
                                 .context = context,
                                 .causal = settings_.causal,
                                 .window = settings_.window},
        query_(parameters()[query_rows], what.row_width, how.compute),
        key_(parameters()[key_rows], what.row_width, how.compute),
        value_(parameters()[value_rows], what.row_width, how.compute),
        output_(parameters()[output_rows], what.row_width, how.compute),
        cached_keys_({how.pages * page_positions, key_columns()}),
        cached_values_({how.pages * page_positions, key_columns()}) {
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values* keep) override {
    if (x.by_row)
      return attend_cached(dev, *x.round, x.values, y);
    auto n = input_.normalised(dev, x.values);
    auto q = projected(dev, query_, n, query_bias, query_columns());
    auto k = projected(dev, key_, n, key_bias, key_columns());
    auto v = projected(dev, value_, n, value_bias, key_columns());
    auto turned_q = turned(dev, q, query_gain(), heads_.queries);
    auto turned_k = turned(dev, k, query_gain() + 1, 1);
    auto rows = n.extent().rows;
    auto found = make<float>(dev, {rows, query_columns()});
    auto sums = make<float>(dev, {rows, heads_.heads * heads_.queries});
    dev.attend(heads_, view(turned_q), view(turned_k), view(v), view(found),
               view(sums));
    auto out = std::move(found).share();
    output_.backward(dev, view(out), y);
    if (keep == nullptr)
      return;
    keep->more = {std::move(n), std::move(turned_q), std::move(turned_k),
                  std::move(v), std::move(out),      std::move(sums).share()};
    if (has_head_norm())
      keep->more.insert(keep->more.end(), {std::move(q), std::move(k)});
  }

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) override {
    at.dz = dy;
    auto& more = at.more;
    auto d_found = make<float>(dev, more[found].extent());
    output_.forward(dev, view(dy), {}, view(d_found));
    auto dq = make<float>(dev, more[queries].extent());
    auto dk = make<float>(dev, more[keys].extent());
    auto dv = make<float>(dev, more[values_of].extent());
    dev.attend_gradient(heads_,
                        {view(more[queries]), view(more[keys]),
                         view(more[values_of]), view(more[found]),
                         view(more[sums_of])},
                        as_const(view(d_found)), view(dq), view(dk), view(dv));
    turn(dev, view(dq), true);
    turn(dev, view(dk), true);
    more[queries] = std::move(dq).share();
    more[keys] = std::move(dk).share();
    more[values_of] = std::move(dv).share();
    more[sums_of] = {};
    if (has_head_norm()) {
      head_norm_back(dev, more[queries], more[raw_queries], query_gain(),
                     heads_.queries);
      head_norm_back(dev, more[keys], more[raw_keys], query_gain() + 1, 1);
    }
    if (dx.data != nullptr)
      input_.gradient(dev, view(at.inputs), view(input_gradient(dev, at)), dx);
  }

  void accumulate(device& dev, const kept_values& at) override {
    auto n = view(at.more[normal]);
    query_.accumulate(dev, view(at.more[queries]), n, d_bias(dev, query_bias));
    key_.accumulate(dev, view(at.more[keys]), n, d_bias(dev, key_bias));
    value_.accumulate(dev, view(at.more[values_of]), n,
                      d_bias(dev, value_bias));
    output_.accumulate(dev, view(at.more[found]), view(at.dz));
    if (!has_head_norm())
      return;
    for (size_t i = 0; i < 2; ++i)
      dev.add(view(at.more[raw_queries + i]).values(),
              gradient(dev, query_gain() + i).values());
  }

  until inputs_kept() const override {
    return until::backward;
  }

  bool needs_round() const override {
    return true;
  }

  void on_change() override {
    for (auto* x : {&query_, &key_, &value_, &output_})
      x->on_change();
  }

private:
  /// What it keeps. Backward replaces queries, keys and values by the gradients
  /// of what was projected, and what was projected, which only norms of heads
  /// need, by the gradients of their gains.
  enum kept : size_t {
    normal,
    queries,
    keys,
    values_of,
    found,
    sums_of,
    raw_queries,
    raw_keys
  };

  uint64_t key_columns() const {
    return heads_.heads * heads_.size;
  }

  uint64_t query_columns() const {
    return key_columns() * heads_.queries;
  }

  bool has_head_norm() const {
    return settings_.head_norm != norm_kind::none;
  }

  size_t query_gain() const {
    return bias_ ? value_bias + 1 : query_bias;
  }

  std::span<float> d_bias(device& dev, size_t parameter) {
    return bias_ ? gradient(dev, parameter).values() : std::span<float>{};
  }

  /// Rows of a round: keys and values go into the cache, from which queries
  /// read those of their sequence.
  void attend_cached(device& dev, const round_rows& round, matrix x,
                     mutable_matrix y) {
    auto at = round.place(dev);
    auto n = input_.normalised(dev, x);
    auto q = projected(dev, query_, n, query_bias, query_columns(), true);
    auto k = projected(dev, key_, n, key_bias, key_columns(), true);
    auto v = projected(dev, value_, n, value_bias, key_columns(), true);
    auto positions = at.view().positions;
    q = turned(dev, q, query_gain(), heads_.queries, positions);
    k = turned(dev, k, query_gain() + 1, 1, positions);
    dev.keep_rows(at.view(), view(k), cached_keys_.on(dev));
    dev.keep_rows(at.view(), view(v), cached_values_.on(dev));
    auto found = make<float>(dev, q.extent());
    dev.attend_cached(heads_, at.view(), view(q),
                      as_const(cached_keys_.on(dev)),
                      as_const(cached_values_.on(dev)), view(found));
    output_.backward(dev, as_const(view(found)), y, true);
  }

  tensor projected(device& dev, projection& by, const tensor& n, size_t bias,
                   uint64_t columns, bool by_row = false) {
    auto out = make<float>(dev, {n.extent().rows, columns});
    by.forward(dev, view(n),
               bias_ ? values(dev, bias).values() : std::span<const float>{},
               view(out), by_row);
    return std::move(out).share();
  }

  void turn(device& dev, mutable_matrix x, bool back,
            token_matrix positions = {}) const {
    if (settings_.rotary_base != 0)
      dev.rotate({.head_size = heads_.size,
                  .context = heads_.context,
                  .base = settings_.rotary_base,
                  .scale = settings_.rotary_scale,
                  .back = back,
                  .positions = positions},
                 x);
  }

  static matrix by_heads(matrix x, uint64_t size) {
    return {x.data, x.rows * x.columns / size, size};
  }

  static mutable_matrix by_heads(mutable_matrix x, uint64_t size) {
    return {x.data, x.rows * x.columns / size, size};
  }

  norm_settings head_norm() const {
    return {settings_.head_norm, input_.norm().epsilon};
  }

  device::norm_rows gains(device& dev, size_t gain, uint64_t repeat) {
    return {.gain = values(dev, gain), .shift = {}, .repeat = repeat};
  }

  /// Norm and rotation of queries or keys.
  /// @param positions Of a round.
  tensor turned(device& dev, const tensor& x, size_t gain, uint64_t repeat,
                token_matrix positions = {}) {
    if (!has_head_norm() && settings_.rotary_base == 0)
      return x;
    auto out = make<float>(dev, x.extent());
    if (has_head_norm())
      dev.normalise(head_norm(), by_heads(view(x), heads_.size),
                    gains(dev, gain, repeat), by_heads(view(out), heads_.size));
    else
      dev.copy_columns(view(x), 0, x.extent().columns, view(out), 0);
    turn(dev, view(out), false, positions);
    return std::move(out).share();
  }

  /// @param dy Becomes the gradient of what was projected,
  /// @param raw which becomes the gradient of the gains.
  void head_norm_back(device& dev, tensor& dy, tensor& raw, size_t gain,
                      uint64_t repeat) {
    auto dx = make<float>(dev, dy.extent());
    auto d_gain = make<float>(dev, {heads_.heads, heads_.size});
    dev.clear(view(d_gain).values());
    dev.normalise_gradient(
        head_norm(), by_heads(view(raw), heads_.size), gains(dev, gain, repeat),
        by_heads(view(dy), heads_.size), by_heads(view(dx), heads_.size),
        {.gain = view(d_gain), .shift = {}});
    dy = std::move(dx).share();
    raw = std::move(d_gain).share();
  }

  tensor input_gradient(device& dev, const kept_values& at) {
    auto dn = make<float>(dev, at.more[normal].extent());
    auto more = make<float>(dev, at.more[normal].extent());
    query_.backward(dev, view(at.more[queries]), view(dn));
    key_.backward(dev, view(at.more[keys]), view(more));
    dev.add(as_const(view(more)).values(), view(dn).values());
    value_.backward(dev, view(at.more[values_of]), view(more));
    dev.add(as_const(view(more)).values(), view(dn).values());
    return std::move(dn).share();
  }

  stream_input input_;
  attention_settings settings_;
  bool bias_;
  device::attention_heads heads_;
  projection query_;
  projection key_;
  projection value_;
  projection output_;
  resident cached_keys_; ///< By page, of what is written; see `token_round`.
  resident cached_values_;
};

std::unique_ptr<layer_maths> make_attention(const network& net,
                                            const group_graph&, const group& of,
                                            const train_settings& how) {
  const auto& what = net.layers[of.layer];
  return std::make_unique<attention_layer>(what,
                                           net.layers[what.inputs.front()],
                                           of.neurons.size(), net.context, how);
}

/// Positions that one looks at, on average.
double seen(const network& net, const attention_settings& how) {
  auto context = static_cast<double>(net.context);
  auto all = how.causal ? (context + 1) / 2 : context;
  return how.window > 0 ? std::min(all, static_cast<double>(how.window)) : all;
}

layer_costs attention_costs(const network& net, const layer& what,
                            const train_settings& how) {
  const auto& heads = what.attention;
  auto asking = heads.queries * heads.head_size;
  auto projections = static_cast<double>(2 * (asking + heads.head_size))
                     * static_cast<double>(what.row_width);
  auto scores = 2 * static_cast<double>(asking) * seen(net, heads);
  auto raw = heads.head_norm == norm_kind::none ? 0 : asking + heads.head_size;
  return {.flop = 2 * static_cast<double>(what.units) * (projections + scores),
          .rounds = how.compute == precision::bfloat16,
          .keeps = {what.row_width,
                    2 * asking + 2 * heads.head_size + heads.queries + raw},
          .leaves = {what.row_width, 2 * asking + 2 * heads.head_size},
          .passes = {2 * what.row_width, 2 * asking + 2 * heads.head_size},
          .widest = {0, asking},
          .inputs = layer_maths::until::backward};
}

} // namespace

const layer_type attention_type{make_attention, attention_costs,
                                stream_reader_bound};

} // namespace nnactor
