#pragma once

#include "nnactor/chat/arguments.hpp"

namespace nnactor::chat {

/// Answers `subject is NAME(...)`, or says that the test is not understood.
bool test(work& w, const value& subject, arguments& with);

} // namespace nnactor::chat
