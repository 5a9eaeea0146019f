#include "support/certificates.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include <sys/stat.h>

using namespace nnactor::test;

namespace {

std::vector<std::string> with_credentials(const scratch& folder,
                                          const std::string& name,
                                          std::vector<std::string> words) {
  auto more = credentials(folder / "", name);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The words that start a node with the credentials "good".
std::vector<std::string> node_of_good_name(const scratch& folder) {
  return command(
      with_credentials(folder, "good",
                       {"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "state"}));
}

std::string address_of(process& node) {
  auto line = node.line_with("listening on ");
  auto begin = line.find("127.0.0.1:");
  return line.substr(begin, line.find(',') - begin);
}

/// A node, and what it says of whom it refuses.
struct tls_node {
  explicit tls_node(const scratch& folder)
      : program(node_of_good_name(folder)), address(address_of(program)) {
  }

  std::string complaints() {
    program.send(SIGKILL);
    return program.finish().err;
  }

  process program;
  std::string address;
};

/// Asks for the nodes' company with all the time of the world, and must be told
/// at once that there is none: one line that says `what`, exit status 2.
void refuse_soon(const std::vector<std::string>& words,
                 const std::string& what) {
  auto begin = std::chrono::steady_clock::now();
  auto end = run_nnactor(words);
  INFO(end.out << end.err);
  CHECK(end.status == 2);
  CHECK(has(end.err, what));
  CHECK(end.err.find('\n') == end.err.size() - 1);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{20});
}

std::vector<std::string> run_at(const scratch& folder,
                                const std::string& address) {
  return {"run",     small_config(folder),
          "--set",   "cluster.connect_timeout_ms=60000",
          "--nodes", address};
}

/// Connects and leaves again without having said anything of TLS.
void disturb(const std::string& address) {
  auto port = address.substr(address.rfind(':') + 1);
  auto end = process{{"/bin/bash", "-c",
                      "exec 3<>/dev/tcp/127.0.0.1/" + port
                          + "; echo who is there >&3; cat <&3"}}
                 .finish();
  REQUIRE(end.status >= 0);
}

} // namespace

TEST_CASE("nodes with credentials serve those of the same authority only") {
  scratch folder;
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  process node{node_of_good_name(folder)};
  auto address = address_of(node);
  auto run = run_at(folder, address);
  auto end = run_nnactor(with_credentials(folder, "good", run));
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  run.push_back("--overwrite");
  CHECK(run_nnactor(with_credentials(folder, "bad", run)).status == 2);
  CHECK(run_nnactor(run).status == 2);
  CHECK(run_nnactor(with_credentials(folder, "good", run)).status == 0);
  // Two of the three files are not enough.
  CHECK(run_nnactor({"node", "--listen", "127.0.0.1:0", "--certificate",
                     folder / "good.pem", "--key", folder / "good.key"})
            .status
        == 2);
}

TEST_CASE("whoever speaks no TLS disturbs nobody who does") {
  scratch folder;
  auto config = small_config(folder);
  make_credentials(folder, "good");
  process node{node_of_good_name(folder)};
  auto address = address_of(node);
  process run{
      command(with_credentials(folder, "good",
                               {"run", config, "--json", "--set",
                                "train.steps=400", "--nodes", address}))};
  for (int i = 0; i < 5; ++i) {
    run.line_with("\"committed\"");
    disturb(address);
  }
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  CHECK((end.out + end.err).find("lost") == std::string::npos);
}

TEST_CASE("who does not believe the other says so, and so does the other") {
  scratch folder;
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  tls_node node{folder};
  auto bad = [&](std::vector<std::string> words) {
    return with_credentials(folder, "bad", std::move(words));
  };
  auto why = "its certificate is signed by another authority";
  refuse_soon(bad(run_at(folder, node.address)), why);
  refuse_soon(bad({"status", node.address}), why);
  CHECK(has(node.complaints(),
            "it does not believe the authority of our certificate"));
}

TEST_CASE("who meets TLS without certificates is told so") {
  scratch folder;
  make_credentials(folder, "good");
  tls_node node{folder};
  auto why = "it speaks TLS; give --certificate, --key and --authority";
  refuse_soon(run_at(folder, node.address), why);
  refuse_soon({"shell", node.address, "-c", "status"}, why);
  refuse_soon({"status", node.address}, why);
  CHECK(has(node.complaints(), "it shows no certificate"));
}

TEST_CASE("who meets plain text with certificates is told so") {
  scratch folder;
  make_credentials(folder, "good");
  process node{command({"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "state"})};
  auto address = address_of(node);
  auto words = run_at(folder, address);
  refuse_soon(with_credentials(folder, "good", words), "it does not speak TLS");
  refuse_soon(with_credentials(folder, "good", {"status", address}),
              "it does not speak TLS");
  // The node takes no harm.
  auto end = run_nnactor(words);
  INFO(end.err);
  CHECK(end.status == 0);
  node.send(SIGKILL);
  CHECK(has(node.finish().err, "it sends what no node of nnactor sends"));
}

TEST_CASE(
    "certificates that expired meanwhile, or are for others, are refused") {
  scratch folder;
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  tls_node node{folder};
  auto mine = folder / "mine";
  make_certificate(mine, folder / "good-ca");
  auto words = run_at(folder, node.address);
  words.insert(words.end(),
               {"--certificate", mine + ".pem", "--key", mine + ".key",
                "--authority", folder / "good-ca.pem"});
  // Files are read anew for each connection.
  auto replace = [&](const certificate_wish& how) {
    make_certificate(folder / "good", folder / "good-ca", how);
  };
  replace({.first_day = -9, .last_day = -1});
  refuse_soon(words, "its certificate has expired");
  replace({.hosts = {"DNS:elsewhere", "IP:10.0.0.5"}});
  refuse_soon(words, "its certificate is for other hosts");
  replace({.hosts = {"DNS:elsewhere", "IP:127.0.0.1"}});
  auto end = run_nnactor(words);
  INFO(end.err);
  CHECK(end.status == 0);
  // A stranger who does not look at dates.
  make_certificate(mine, folder / "good-ca", {.first_day = -9, .last_day = -1});
  auto stranger = process{{"/bin/sh", "-c",
                           "exec openssl s_client -tls1_2 -connect "
                               + node.address + " -cert " + mine + ".pem -key "
                               + mine + ".key </dev/null"}}
                      .finish();
  CHECK(stranger.status != 0);
  auto complaints = node.complaints();
  INFO(complaints);
  CHECK(has(complaints, "refused a connection from 127.0.0.1:"));
  CHECK(has(complaints, "it takes our certificate for expired"));
  CHECK(has(complaints, "it does not accept our certificate"));
  CHECK(has(complaints, "its certificate has expired"));
}

TEST_CASE("files that cannot be used are told before anything is started") {
  scratch folder;
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  auto config = small_config(folder);
  auto with_key = [&](const std::string& key, std::vector<std::string> words) {
    words.insert(words.end(),
                 {"--certificate", folder / "good.pem", "--key", folder / key,
                  "--authority", folder / "good-ca.pem"});
    return words;
  };
  for (auto& words : std::vector<std::vector<std::string>>{
           {"node", "--listen", "127.0.0.1:0"},
           {"run", config, "--check"},
           {"run", config},
           {"plan", config},
           {"shell", "127.0.0.1:1", "-c", "status"},
           {"status", "127.0.0.1:1"}})
    refuse_soon(with_key("bad.key", words),
                "the key " + folder / "bad.key does not belong to");
  REQUIRE(chmod((folder / "good.key").c_str(), 0644) == 0);
  auto open = run_nnactor(with_key("good.key", {"run", config, "--check"}));
  CHECK(open.status == 0);
  CHECK(has(open.err,
            "others on this machine may read the key " + folder / "good.key"));
}

TEST_CASE("the environment has the credentials of all commands") {
  scratch folder;
  make_credentials(folder, "good");
  setenv("NNACTOR_CERTIFICATE", (folder / "good.pem").c_str(), 1);
  setenv("NNACTOR_KEY", (folder / "good.key").c_str(), 1);
  setenv("NNACTOR_AUTHORITY", (folder / "good-ca.pem").c_str(), 1);
  process node{command({"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "state"})};
  auto address = address_of(node);
  auto words = run_at(folder, address);
  words.push_back("--paused");
  process run{command(words)};
  auto hint = run.line_with("look inside with ");
  auto control = hint.substr(hint.find("shell ") + 6);
  control = control.substr(0, control.find(')'));
  CHECK(run_nnactor({"shell", control, "-c", "resume"}).status == 0);
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  // Nodes that it starts itself, too, and the shell that looks into them.
  process alone{command({"run", small_config(folder), "--set",
                         "store.path=" + folder / "models/alone", "--paused"})};
  hint = alone.line_with("look inside with ");
  control = hint.substr(hint.find("shell ") + 6);
  control = control.substr(0, control.find(')'));
  CHECK(run_nnactor({"shell", control, "-c", "resume"}).status == 0);
  CHECK(alone.finish().status == 0);
  unsetenv("NNACTOR_CERTIFICATE");
  unsetenv("NNACTOR_KEY");
  unsetenv("NNACTOR_AUTHORITY");
  refuse_soon({"status", address}, "it speaks TLS");
}

TEST_CASE("commands to try next have the options that they need") {
  scratch folder;
  make_credentials(folder, "good");
  tls_node node{folder};
  auto words = run_at(folder, node.address);
  words.push_back("--paused");
  process run{command(with_credentials(folder, "good", words))};
  auto hint = run.line_with("look inside with ");
  auto begin = hint.find("look inside with ") + 17;
  auto shell = hint.substr(begin, hint.rfind(')') - begin);
  auto end = process{{"/bin/sh", "-c", shell + " -c resume"}}.finish();
  INFO(shell << end.err);
  CHECK(end.status == 0);
  CHECK(run.finish().status == 0);
}
