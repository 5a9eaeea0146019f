#pragma once

#include "nnactor/config/section.hpp"
#include "nnactor/partition/transformer.hpp"

#include <initializer_list>
#include <string>

namespace nnactor {

// Private to this room: what configs of transformers share.

inline constexpr integer_range sizes{1, int64_t{1} << 40};
inline constexpr real_range above_zero{0, 1e18, false, true};
inline constexpr real_range at_least_zero{0, 1e18, true, true};
inline constexpr real_range share_of_one{0, 1, false, true};

void require(section& from, std::initializer_list<const char*> keys);

/// Reads the dimensions of a network; the caller ends the section.
void read_dimensions(section& from, transformer_shape& out);

/// Reads a link; the caller ends the section.
link_model read_link_model(section& from);

/// Reads one device; the caller has read what else the section may have.
void read_device_model(section from, std::string& name, device_model& out);

} // namespace nnactor
