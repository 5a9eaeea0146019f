#pragma once

#include "nnactor/error.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <string>

namespace nnactor {

/// Most examples in one micro-batch, so that no peer can ask for more memory
/// than the network warrants.
constexpr uint64_t most_rows = 65536;

/// Checks dtype, columns, the number of rows and that the bytes are there.
/// Fails with `ec::protocol_violation` and what `name` says of the tensor.
caf::error check_tensor(const std::string& name, const tensor& x, dtype type,
                        uint64_t columns);

/// Checks in addition that there are exactly `rows` rows.
caf::error check_tensor(const std::string& name, const tensor& x, dtype type,
                        shape extent);

/// Checks that all values of an i32 tensor are in [0, limit).
/// @pre `check_tensor` found nothing
caf::error check_range(const std::string& name, const tensor& x,
                       uint64_t limit);

} // namespace nnactor
