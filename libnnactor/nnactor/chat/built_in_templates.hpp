#pragma once

#include <optional>
#include <string>

namespace nnactor {

/// The names of the templates that are built in, with commas between them.
constexpr auto built_in_template_names = "chatml, llama2, llama3";

/// The text of a template by its name; nothing if there is none.
std::optional<std::string> built_in_template(const std::string& name);

} // namespace nnactor
