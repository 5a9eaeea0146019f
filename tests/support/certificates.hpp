#pragma once

#include <string>
#include <vector>

namespace nnactor::test {

/// What a certificate says.
struct certificate_wish {
  std::string name = "node";
  int first_day = -1; ///< From today on.
  int last_day = 2;
  std::vector<std::string> hosts = {}; ///< As OpenSSL writes them, "DNS:a".
};

/// Makes an authority, or replaces it: the files PREFIX.pem and PREFIX.key.
void make_authority(const std::string& prefix,
                    const certificate_wish& how = {.name = "authority"});

/// Makes a certificate that the authority of that prefix has signed.
void make_certificate(const std::string& prefix, const std::string& authority,
                      const certificate_wish& how = {});

} // namespace nnactor::test
