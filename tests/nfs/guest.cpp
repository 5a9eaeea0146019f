#include "nfs/guest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>

namespace nnactor::test {

namespace {

constexpr auto server_address = "10.77.0.1";

// Short leases and grace, so that a restart takes seconds.
constexpr auto server_config = R"(
NFS_CORE_PARAM {{
  Protocols = 4;
  Bind_addr = {0};
  Enable_NLM = false;
  Enable_RQUOTA = false;
}}
NFSV4 {{
  Minor_Versions = 1;
  Lease_Lifetime = 4;
  Grace_Period = 5;
  Only_Numeric_Owners = true;
  RecoveryBackend = fs;
  RecoveryRoot = {1}/server;
}}
EXPORT {{
  Export_Id = 1;
  Path = {1}/export;
  Pseudo = /store;
  Access_Type = RW;
  Squash = No_Root_Squash;
  SecType = sys;
  FSAL {{ Name = VFS; }}
}}
)";

std::vector<std::string> machine(const std::string& folder, int number) {
  auto kernel_words =
      fmt::format("console=ttyS0 quiet panic=-1 ADDRESS=10.77.0.{} SERVER={}",
                  number, server_address);
  return {
      "/usr/bin/env",
      "qemu-system-x86_64",
      "-accel",
      "tcg",
      "-cpu",
      "max",
      "-m",
      "512",
      "-display",
      "none",
      "-no-reboot",
      "-monitor",
      "none",
      "-serial",
      "stdio",
      "-kernel",
      folder + "/kernel",
      "-initrd",
      folder + "/initramfs",
      "-append",
      kernel_words,
      "-netdev",
      fmt::format("tap,id=net,ifname=guest{},script=no,downscript=no", number),
      "-device",
      fmt::format("virtio-net-pci,netdev=net,mac=52:54:00:00:00:{},"
                  "romfile=",
                  number)};
}

} // namespace

nfs_server::nfs_server(const std::string& folder) : folder_(folder) {
  write_file(folder + "/server.conf",
             fmt::format(fmt::runtime(server_config), server_address, folder));
  start();
}

void nfs_server::start() {
  ganesha_ = std::make_unique<process>(std::vector<std::string>{
      "/usr/bin/env", "ganesha.nfsd", "-F", "-L", "STDOUT", "-f",
      folder_ + "/server.conf", "-p", folder_ + "/server/pid"});
  ganesha_->line_with("NFS SERVER INITIALIZED");
}

void nfs_server::stop() {
  ganesha_.reset();
}

guest::guest(const std::string& folder, int number)
    : address_(fmt::format("10.77.0.{}", number)),
      machine_(machine(folder, number)) {
}

void guest::await_boot() {
  line_with("guest: ready");
}

std::string guest::run(const std::string& line) {
  start(line + "; echo guest: status $?");
  std::string out;
  while (auto next = machine_.line()) {
    if (next->starts_with("guest: status ")) {
      REQUIRE_MESSAGE(*next == "guest: status 0", line << "\n" << out);
      return out;
    }
    out += *next + "\n";
  }
  FAIL("the guest ended during: " << line << "\n" << out);
  return {};
}

void guest::start(const std::string& line) {
  machine_.write(line + "\n");
}

void guest::begin(const std::string& line) {
  start("(" + line + "; echo guest: end $?) &");
}

int guest::status() {
  auto last = line_with("guest: end ");
  return std::stoi(last.substr(last.rfind(' ')));
}

} // namespace nnactor::test
