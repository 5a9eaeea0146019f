#pragma once

#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/store/manifest.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// The two halves of a parameter's name: "adam.m.weight" is the state "adam.m"
/// of the base "weight", "weight" is a base without state.
struct parameter_name {
  std::string_view state;
  std::string_view base;
};

/// Splits a name at its last dot. The result views into `name`.
parameter_name split_name(std::string_view name);

/// Whether it is an optimizer's state, which only training needs.
bool is_state(std::string_view name);

/// Returns the parameter of a layer that has this name or, of which this is
/// state, nothing if the layer has no such parameter.
std::optional<layer_parameter> parameter_of(const layer& what,
                                            std::string_view name);

/// Names a slice for a person: `layer 'hidden' weight, neurons 0-99`, with the
/// number of the layer where it has no name.
std::string describe(const network& net, const slice& what);

/// Checks what a slice says of itself: that it holds neurons, and that its
/// columns, length, offset, checksums and file name are possible.
caf::error check_form(const slice& what);

/// Checks the form of every slice, that it fits the network, and that no two
/// slices of one file overlap. Fails with `ec::store_corrupt`.
caf::error check_slices(const network& net, const std::vector<slice>& slices);

} // namespace nnactor
