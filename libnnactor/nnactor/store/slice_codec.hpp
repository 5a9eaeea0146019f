#pragma once

#include "nnactor/error.hpp"
#include "nnactor/store/manifest.hpp"

#include "manifest.capnp.h"

#include <vector>

namespace nnactor {

void write(schema::Slices::Builder out, const std::vector<slice>& slices);

/// Checks the form of every slice, but not against a network.
result<std::vector<slice>> read(schema::Slices::Reader in);

/// Copies a digest; fails with `ec::store_corrupt` unless it has 32 bytes.
result<digest> read_digest(capnp::Data::Reader in);

capnp::Data::Reader to_reader(const digest& what);

} // namespace nnactor
