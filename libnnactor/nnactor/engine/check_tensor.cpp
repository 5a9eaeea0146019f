#include "nnactor/engine/check_tensor.hpp"

namespace nnactor {

caf::error check_tensor(const std::string& name, const tensor& x, dtype type,
                        uint64_t columns) {
  const auto& extent = x.extent();
  if (x.type() != type)
    return fail(ec::protocol_violation, "{} has dtype {} instead of {}", name,
                to_string(x.type()), to_string(type));
  if (extent.columns != columns)
    return fail(ec::protocol_violation, "{} has {} columns instead of {}", name,
                extent.columns, columns);
  if (extent.rows == 0 || extent.rows > most_rows)
    return fail(ec::protocol_violation, "{} has {} rows instead of 1 to {}",
                name, extent.rows, most_rows);
  if (x.bytes().size() != extent.size() * size_of(type))
    return fail(ec::protocol_violation,
                "{} has {} bytes, which is not [{}, {}] of {}", name,
                x.bytes().size(), extent.rows, extent.columns, to_string(type));
  return {};
}

caf::error check_tensor(const std::string& name, const tensor& x, dtype type,
                        shape extent) {
  if (auto err = check_tensor(name, x, type, extent.columns))
    return err;
  if (x.extent().rows != extent.rows)
    return fail(ec::protocol_violation, "{} has {} rows instead of {}", name,
                x.extent().rows, extent.rows);
  return {};
}

caf::error check_range(const std::string& name, const tensor& x,
                       uint64_t limit) {
  for (auto value : x.values<int32_t>())
    if (value < 0 || static_cast<uint64_t>(value) >= limit)
      return fail(ec::protocol_violation, "{} has value {} outside 0 to {}",
                  name, value, limit - 1);
  return {};
}

} // namespace nnactor
