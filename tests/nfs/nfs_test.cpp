#include "nfs/guest.hpp"

#include <boost/filesystem.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

using namespace nnactor::test;

namespace {

/// The folder that the script `run` prepared, with what guests boot from.
std::string workplace() {
  static auto prepared = [] {
    auto folder = std::getenv("NNACTOR_NFS_FOLDER");
    REQUIRE_MESSAGE(folder, "start this by tools/test-nfs");
    scratch share;
    small_config(share);
    make_credentials(share, "node");
    auto made = process{
        {NNACTOR_NFS_SCRIPTS "/make-initramfs", folder, NNACTOR_PROGRAM,
         share
             / ""}}.finish();
    REQUIRE_MESSAGE(made.status == 0, made.err);
    return std::string{folder};
  }();
  return prepared;
}

std::string words(const std::vector<std::string>& all) {
  return fmt::format("{}", fmt::join(all, " "));
}

/// A server and two machines, each with a node; the driver runs on either.
struct machines {
  using file_map = std::map<std::string, std::string>;

  std::string folder = workplace();
  nfs_server server{folder};
  guest first{folder, 11};
  guest second{folder, 12};

  /// @param failpoint Where the second machine loses its power.
  explicit machines(const std::string& failpoint = {}) {
    start_node(first, {});
    start_node(second, failpoint);
  }

  ~machines() {
    // The next test gets an empty store, and a server that remembers no guest:
    // it would wait for them to come back, and refuse what they open meanwhile.
    boost::system::error_code ignored;
    for (auto name : {"/export", "/server"})
      for (auto& x : boost::filesystem::directory_iterator{folder + name})
        boost::filesystem::remove_all(x, ignored);
  }

  static void start_node(guest& x, const std::string& failpoint) {
    x.await_boot();
    x.run("grep -q '/store nfs4' /proc/mounts");
    auto node = "nnactor node --listen " + x.address()
                + ":4242 --store /store --lease-ms 4000 "
                + words(credentials("/share", "node"));
    if (failpoint.empty())
      x.start(node + " &");
    else
      x.start("(NNACTOR_FAILPOINT=" + failpoint + " " + node
              + "; poweroff -f) &");
    x.line_with("listening on");
  }

  /// The same partition wherever it runs, so that all end the same.
  static std::string run(const std::string& model,
                         const std::vector<const guest*>& nodes,
                         const std::string& more = "") {
    std::vector<std::string> addresses;
    for (auto x : nodes)
      addresses.push_back(x->address() + ":4242");
    return fmt::format(
        "nnactor run /share/small.toml --json {} --nodes {} --set "
        "store.path=/store/{} --set data.path=/share/song.txt --set "
        "distribute.parts=2 --set train.sample=0 --set train.steps=120 --set "
        "cluster.lease_ms=4000 {}",
        words(credentials("/share", "node")), fmt::join(addresses, ","), model,
        more);
  }

  std::string exported(const std::string& model) const {
    return folder + "/export/" + model;
  }

  /// What a run leaves that nobody disturbs.
  std::string expected() {
    static auto content = [this] {
      first.run(run("quiet", {&first}));
      return content_of(exported("quiet"));
    }();
    return content;
  }

  /// The bytes of all files of committed generations, by their names.
  file_map committed(const std::string& model) const {
    namespace fs = boost::filesystem;
    file_map all;
    for (auto& x : fs::directory_iterator{exported(model)}) {
      auto name = x.path().filename().string();
      if (!name.starts_with("manifest."))
        continue;
      all.emplace(x.path().string(), read_file(x.path().string()));
      auto slices = exported(model) + "/" + name.substr(name.find('.') + 1);
      for (auto& y : fs::directory_iterator{slices})
        all.emplace(y.path().string(), read_file(y.path().string()));
    }
    CHECK(all.size() > 1);
    return all;
  }

  /// Whether those that are still kept have the same bytes.
  static bool unchanged(const file_map& before) {
    return std::ranges::all_of(before, [](auto& x) {
      return !boost::filesystem::exists(x.first)
             || read_file(x.first) == x.second;
    });
  }
};

} // namespace

TEST_CASE("two machines train one model over NFS, each reads all of it") {
  machines x;
  auto expected = x.expected();
  x.second.run(machines::run("both", {&x.first, &x.second}));
  CHECK(content_of(x.exported("both")) == expected);
  for (auto reader : {&x.first, &x.second}) {
    auto seen = reader->run("nnactor model verify /store/both --json");
    CHECK(seen.find(expected) != std::string::npos);
  }
}

TEST_CASE("a machine that is frozen and wakes up changes nothing") {
  machines x;
  auto expected = x.expected();
  x.first.begin(machines::run("noisy", {&x.first, &x.second}));
  x.first.line_with("\"committed\"");
  x.second.freeze();
  x.first.line_with("is lost; going back to step");
  x.first.line_with("its groups are on 1 node now");
  auto before = x.committed("noisy");
  x.second.thaw();
  CHECK(x.first.status() == 0);
  CHECK(x.unchanged(before));
  CHECK(content_of(x.exported("noisy")) == expected);
}

TEST_CASE("a machine that loses power in a commit takes nothing along") {
  machines x{"slices_written:2"};
  auto expected = x.expected();
  x.first.begin(machines::run("noisy", {&x.first, &x.second}));
  x.first.line_with("is lost; going back to step");
  CHECK(x.first.status() == 0);
  CHECK(content_of(x.exported("noisy")) == expected);
}

TEST_CASE("a driver's machine that loses power in a commit is replaced") {
  machines x;
  auto expected = x.expected();
  x.first.begin("NNACTOR_FAILPOINT=manifest_linked:2 "
                + machines::run("noisy", {&x.first, &x.second})
                + "; poweroff -f");
  x.first.await_power_off();
  x.second.begin(machines::run("noisy", {&x.second}, "--resume"));
  CHECK(x.second.status() == 0);
  CHECK(content_of(x.exported("noisy")) == expected);
}

TEST_CASE("a driver that is frozen and wakes up has lost the model") {
  machines x;
  auto expected = x.expected();
  x.first.begin(machines::run("noisy", {&x.first, &x.second}));
  x.first.line_with("\"committed\"");
  x.first.freeze();
  // The node waits for the lost driver's lease to end.
  x.second.begin("until " + machines::run("noisy", {&x.second}, "--resume")
                 + "; do sleep 1; done");
  x.second.line_with("\"committed\"");
  auto before = x.committed("noisy");
  x.first.thaw();
  x.first.line_with("another coordinator trains this model");
  CHECK(x.first.status() == 1);
  CHECK(x.second.status() == 0);
  CHECK(x.unchanged(before));
  CHECK(content_of(x.exported("noisy")) == expected);
}

TEST_CASE("a server that restarts is waited for") {
  machines x;
  auto expected = x.expected();
  x.first.begin(machines::run("noisy", {&x.first, &x.second}));
  x.first.line_with("\"committed\"");
  x.server.stop();
  std::this_thread::sleep_for(std::chrono::seconds{5});
  x.server.start();
  CHECK(x.first.status() == 0);
  CHECK(content_of(x.exported("noisy")) == expected);
}

TEST_CASE("a full export delays a commit, and training goes on") {
  machines x;
  auto expected = x.expected();
  x.first.begin(machines::run("noisy", {&x.first, &x.second}));
  x.first.line_with("\"committed\"");
  auto filler = x.exported("filler");
  write_file(filler, std::string(size_t{64} << 20, 'x')); // As far as it goes.
  x.first.line_with(" is not saved: ");
  boost::filesystem::remove(filler);
  CHECK(x.first.status() == 0);
  CHECK(content_of(x.exported("noisy")) == expected);
}
