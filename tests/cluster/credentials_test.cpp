#include "nnactor/cluster/certificates.hpp"
#include "nnactor/cluster/network_access.hpp"
#include "support/certificates.hpp"

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>
#include <openssl/pem.h>

#include <fstream>

#include <sys/stat.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

namespace fs = boost::filesystem;

/// A folder with an authority "ca" and its certificate "node".
struct files {
  fs::path folder = fs::temp_directory_path()
                    / fs::unique_path("nnactor-credentials-%%%%%%%%");

  files() {
    fs::create_directories(folder);
    make_authority(at("ca"));
    make_certificate(at("node"), at("ca"));
  }

  ~files() {
    fs::remove_all(folder);
  }

  std::string at(const std::string& name) const {
    return (folder / name).string();
  }

  credentials good() const {
    return {at("node.pem"), at("node.key"), at("ca.pem")};
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{at(name)} << text;
  }
};

std::string why(const credentials& what) {
  auto err = check(what);
  CHECK((!err || code_of(err) == ec::invalid_argument));
  return err ? explain(err) : "";
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("credentials are all three files or none") {
  files in;
  auto good = in.good();
  CHECK(why({}) == "");
  CHECK(why(good) == "");
  for (auto& some : {credentials{good.certificate, "", ""},
                     credentials{good.certificate, good.key, ""},
                     credentials{"", good.key, good.authority}})
    CHECK(has(why(some), "all three"));
}

TEST_CASE("files that hold something else are named") {
  files in;
  auto with = [&](std::string credentials::*which, const std::string& path) {
    auto what = in.good();
    what.*which = path;
    return why(what);
  };
  in.write("junk.pem", "-----BEGIN CERTIFICATE-----\nno\n");
  for (auto which : {&credentials::certificate, &credentials::key,
                     &credentials::authority}) {
    auto missing = with(which, in.at("none"));
    CHECK(has(missing, in.at("none") + ": No such file"));
    CHECK(has(with(which, in.folder.string()), "directory"));
    CHECK(has(with(which, in.at("junk.pem")), in.at("junk.pem") + " holds no"));
  }
  CHECK(has(with(&credentials::certificate, in.at("node.key")), "holds a key"));
  CHECK(has(with(&credentials::key, in.at("node.pem")), "no private key"));
  in.write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n"
                         "-----END ENCRYPTED PRIVATE KEY-----\n");
  CHECK(has(with(&credentials::key, in.at("locked.key")), "passphrase"));
}

TEST_CASE("what does not belong together is refused") {
  files in;
  make_authority(in.at("other-ca"));
  make_certificate(in.at("other"), in.at("other-ca"));
  auto what = in.good();
  what.key = in.at("other.key");
  CHECK(has(why(what), "the key " + what.key + " does not belong to"));
  what = in.good();
  what.authority = in.at("other-ca.pem");
  CHECK(has(why(what), what.certificate + " is signed by another authority"));
}

TEST_CASE("what is too old or too new is refused with the date") {
  files in;
  make_certificate(in.at("old"), in.at("ca"),
                   {.first_day = -9, .last_day = -1});
  make_certificate(in.at("new"), in.at("ca"), {.first_day = 1, .last_day = 9});
  auto of = [&](const std::string& name) {
    return why({in.at(name + ".pem"), in.at(name + ".key"), in.at("ca.pem")});
  };
  CHECK(has(of("old"),
            "the certificate " + in.at("old.pem") + " has expired on 2"));
  CHECK(has(of("new"), "is not valid before 2"));
  CHECK(has(of("new"), "clock"));
  make_authority(in.at("ca"), {.name = "ca", .first_day = -9, .last_day = -1});
  make_certificate(in.at("node"), in.at("ca"));
  CHECK(has(of("node"), "the authority " + in.at("ca.pem") + " has expired"));
}

TEST_CASE("a key that others can read is told") {
  files in;
  CHECK(exposure_of({}).empty());
  CHECK(exposure_of(in.good()).empty());
  REQUIRE(chmod(in.at("node.key").c_str(), 0640) == 0);
  CHECK(has(exposure_of(in.good()), in.at("node.key")));
  CHECK(why(in.good()) == "");
}

TEST_CASE("a certificate is good for the hosts that it names, or for all") {
  files in;
  auto good_for = [&](const std::vector<std::string>& names,
                      const std::string& host) {
    make_certificate(in.at("x"), in.at("ca"), {.hosts = names});
    std::unique_ptr<std::FILE, decltype(&std::fclose)> file{
        std::fopen(in.at("x.pem").c_str(), "r"), std::fclose};
    std::unique_ptr<X509, decltype(&X509_free)> read{
        PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free};
    return is_for_host(read.get(), host);
  };
  CHECK(good_for({}, "node-1"));
  CHECK(good_for({}, "10.0.0.5"));
  CHECK(good_for({"email:a@b.c"}, "node-1"));
  CHECK(good_for({"DNS:node-1", "IP:10.0.0.5"}, "node-1"));
  CHECK(good_for({"DNS:node-1", "IP:10.0.0.5"}, "10.0.0.5"));
  CHECK(good_for({"IP:::1"}, "::1"));
  CHECK(good_for({"DNS:*.a.example"}, "b.a.example"));
  CHECK(!good_for({"DNS:node-1"}, "node-2"));
  CHECK(!good_for({"DNS:node-1"}, "10.0.0.5"));
  CHECK(!good_for({"IP:10.0.0.5"}, "10.0.0.6"));
  CHECK(!good_for({"IP:10.0.0.5"}, "node")); // Its subject.
}

TEST_CASE("nobody listens beyond loopback without TLS") {
  // Refused before anything is opened: the node need not even exist.
  for (auto* host : {"0.0.0.0", "::", "192.168.0.1"}) {
    auto port = publish(node_actor{}, {host, 0}, {});
    REQUIRE(!port);
    CHECK(code_of(port.error()) == ec::invalid_argument);
    CHECK(explain(port.error()).find("without TLS") != std::string::npos);
  }
  // Before TLS is asked for.
  auto port = publish(node_actor{}, {"no-such-host.invalid", 4700}, {});
  REQUIRE(!port);
  CHECK(explain(port.error()).find("'no-such-host.invalid'")
        != std::string::npos);
}
