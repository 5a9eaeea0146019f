#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>

namespace nnactor {

// Checks of what options are given, before it is converted. They are
// transformations: `option->transform(whole_number(1, 64))`.

/// Takes whole numbers in decimal digits, both ends included.
CLI::Validator whole_number(uint64_t least, uint64_t most);

/// Takes finite numbers, both ends included.
CLI::Validator real_number(double least, double most);

/// Takes text in UTF-8.
CLI::Validator utf8_text();

} // namespace nnactor
