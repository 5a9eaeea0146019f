#pragma once

#include "nnactor/store/run_lease.hpp"

#include <string>

namespace nnactor {

/// What a run means to do with the folder of its model.
enum class store_use : uint8_t {
  begin,     ///< A new model; there must be none.
  resume,    ///< Go on with the one that is there.
  overwrite, ///< A new model, in place of the one that is there.
};

/// Returns what people should know of the generations in a folder: number,
/// step, loss and date of the newest; empty where there are none.
std::string describe_model(const std::shared_ptr<filesystem>& fs,
                           const std::string& folder);

/// Fails with `ec::invalid_argument` if a run would take a model from somebody:
/// from a run that lives, or by beginning where there is one. Says what is
/// there and which ways on there are.
caf::error check_store(const std::shared_ptr<filesystem>& fs,
                       const std::string& folder, store_use how,
                       const pausing& pause = pause_for);

} // namespace nnactor
