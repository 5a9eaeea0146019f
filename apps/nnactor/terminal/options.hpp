#pragma once

#include "nnactor/address.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>

namespace nnactor {

// Checks of what options are given, before it is converted. They are
// transformations: `option->transform(whole_number(1, 64))`.

/// Takes whole numbers in decimal digits, both ends included.
CLI::Validator whole_number(uint64_t least, uint64_t most);

/// Takes finite numbers, both ends included.
CLI::Validator real_number(double least, double most);

/// Takes an address, and brings it into the one form in which addresses are
/// compared.
CLI::Validator address_form(port_zero zero);

/// Takes text in UTF-8.
CLI::Validator utf8_text();

/// Help whose lines are no wider than the terminal, or than 80 columns where
/// there is none.
class help_format : public CLI::Formatter {
public:
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

} // namespace nnactor
