#include "terminal/credential_options.hpp"

#include "terminal/format.hpp"
#include "terminal/output.hpp"

#include "nnactor/cluster/certificates.hpp"

#include <cstdlib>

namespace nnactor {

namespace {

struct credential_option {
  std::string credentials::*where;
  const char* name;
  const char* variable;
  const char* help;
};

constexpr credential_option credential_options[] = {
    {&credentials::certificate, "--certificate", "NNACTOR_CERTIFICATE",
     "TLS: certificate of this process (PEM)"},
    {&credentials::key, "--key", "NNACTOR_KEY", "TLS: its key (PEM)"},
    {&credentials::authority, "--authority", "NNACTOR_AUTHORITY",
     "TLS: certificate of the authority of all nodes (PEM)"},
};

} // namespace

void add_credentials(CLI::App& command, credentials& who) {
  for (auto& x : credential_options)
    command.add_option(x.name, who.*x.where, x.help)->envname(x.variable);
}

caf::error check_credentials(const credentials& who) {
  if (auto err = check(who))
    return err;
  if (auto text = exposure_of(who); !text.empty())
    warn(text);
  return caf::none;
}

std::string words_of(const credentials& who) {
  std::string out;
  auto known = true;
  for (auto& x : credential_options) {
    auto* set = std::getenv(x.variable);
    known = known && set != nullptr && who.*x.where == set;
    out += fmt::format(" {} {}", x.name, shell_word(who.*x.where));
  }
  return who.empty() || known ? "" : out;
}

} // namespace nnactor
