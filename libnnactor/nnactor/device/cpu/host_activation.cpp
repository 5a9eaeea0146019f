#include "nnactor/device/cpu/host_device.hpp"

#include "nnactor/device/formulas.hpp"

#include <algorithm>
#include <type_traits>

namespace nnactor {

namespace {

/// Calls `f` with the activation as a constant, so that loops have no branch.
template <class F>
void with_constant(activation act, F f) {
  using enum activation;
  switch (act) {
  case none:
    return f(std::integral_constant<activation, none>{});
  case relu:
    return f(std::integral_constant<activation, relu>{});
  case gelu:
    return f(std::integral_constant<activation, gelu>{});
  case tanh:
    return f(std::integral_constant<activation, tanh>{});
  case sigmoid:
    return f(std::integral_constant<activation, sigmoid>{});
  case silu:
    return f(std::integral_constant<activation, silu>{});
  }
}

} // namespace

void host_device::activate(activation act, matrix z, mutable_matrix y) {
  auto in = z.values();
  auto out = y.values();
  with_constant(act, [&](auto which) {
    for (size_t i = 0; i < in.size(); ++i)
      out[i] = formulas::activate(which, in[i]);
  });
}

void host_device::activate_gradient(activation act, matrix z, matrix y,
                                    matrix dy, mutable_matrix dz) {
  auto in = dy.values();
  auto out = dz.values();
  if (act == activation::none) {
    std::ranges::copy(in, out.begin());
    return;
  }
  auto at = needs_z(act) ? z.values() : y.values();
  with_constant(act, [&](auto which) {
    for (size_t i = 0; i < in.size(); ++i)
      out[i] = formulas::activate_gradient(which, at[i], in[i]);
  });
}

void host_device::gate(activation act, matrix gate, matrix up,
                       mutable_matrix y) {
  auto at = gate.values();
  auto in = up.values();
  auto out = y.values();
  with_constant(act, [&](auto which) {
    for (size_t i = 0; i < in.size(); ++i)
      out[i] = formulas::activate(which, at[i]) * in[i];
  });
}

void host_device::gate_gradient(activation act, matrix gate, matrix up,
                                matrix dy, mutable_matrix dgate,
                                mutable_matrix dup) {
  auto at = gate.values();
  auto in = up.values();
  auto from = dy.values();
  auto to_gate = dgate.values();
  auto to_up = dup.values();
  with_constant(act, [&](auto which) {
    for (size_t i = 0; i < in.size(); ++i) {
      auto opened = formulas::activate(which, at[i]);
      auto of = needs_z(which) ? at[i] : opened;
      to_gate[i] = formulas::activate_gradient(which, of, from[i] * in[i]);
      to_up[i] = from[i] * opened;
    }
  });
}

void host_device::embed(token_matrix tokens, matrix table, mutable_matrix y) {
  for (uint64_t r = 0; r < tokens.rows; ++r) {
    auto row = tokens.row(r);
    auto* out = y.row(r).data();
    for (uint64_t u = 0; u < table.rows; ++u) {
      auto values = table.row(u);
      for (auto token : row)
        *out++ = values[static_cast<size_t>(token)];
    }
  }
}

void host_device::embed_gradient(token_matrix tokens, matrix dy,
                                 mutable_matrix dtable) {
  for (uint64_t r = 0; r < tokens.rows; ++r) {
    auto row = tokens.row(r);
    const auto* in = dy.row(r).data();
    for (uint64_t u = 0; u < dtable.rows; ++u) {
      auto values = dtable.row(u);
      for (auto token : row)
        values[static_cast<size_t>(token)] += *in++;
    }
  }
}

} // namespace nnactor
