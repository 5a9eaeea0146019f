#pragma once

#include "nnactor/chat/arguments.hpp"

namespace nnactor::chat {

/// Returns `subject | NAME(...)`, or says that the filter is not understood.
value filter(work& w, const value& subject, arguments& with);

/// The filters of lists and mappings; nothing for a name of none of them.
std::optional<value> filter_list(work& w, const value& subject,
                                 arguments& with);

} // namespace nnactor::chat
