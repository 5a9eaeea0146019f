#pragma once

#include <string>

namespace nnactor {

/// Renders the JSON answer to a shell's command for people. Whatever is missing
/// or of another type than it should be is left blank: the answer may come from
/// another version, or from somebody who means harm. Text that is no JSON
/// object is returned as it is, made safe to show.
std::string answer_text(const std::string& json);

} // namespace nnactor
