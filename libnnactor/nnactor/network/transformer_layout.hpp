#pragma once

#include "nnactor/network/network.hpp"

#include <optional>
#include <string>

namespace nnactor {

/// The reason why a layer is wrong, nothing if it is right.
using reason = std::optional<std::string>;

template <class... Ts>
reason because(fmt::format_string<Ts...> format, Ts&&... xs) {
  return fmt::format(format, std::forward<Ts>(xs)...);
}

/// Whether a kind is one of those that transformers are made of.
constexpr bool is_of_transformer(layer_kind kind) {
  return kind >= layer_kind::stream;
}

/// Checks such a layer and computes the rest of its fields; those that it reads
/// are known.
reason lay_out_transformer(const network& net, layer& x);

/// Checks that the rows of the vocabulary can be those of a table.
/// @pre all layers are laid out, `x` is a tied table
reason check_tie(const network& net, const layer& x);

} // namespace nnactor
