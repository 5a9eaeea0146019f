#include "frames.hpp"
#include "victims.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

using namespace nnactor::test;

namespace {

// What a process may take more for strangers: CAF's own bookkeeping, not what
// they announce.
constexpr uint64_t few_megabytes = 16 << 20;

/// Calls, and introduces itself as that process.
connection introduced(uint16_t port, const tls_identity* who, uint32_t process,
                      uint64_t* actor = nullptr) {
  connection out{port, who};
  auto answer = out.receive();
  if (actor != nullptr)
    *actor = actor_of(answer);
  out.send(introduction(process).bytes());
  return out;
}

/// Announces far more than it sends, in every way; returns connections that it
/// leaves open.
std::vector<connection> announce_much(uint16_t port, const tls_identity* who) {
  std::vector<connection> out;
  for (auto* speaks : {who, static_cast<const tls_identity*>(nullptr)}) {
    out.emplace_back(port, speaks);
    out.back().send(four_gigabytes());
  }
  uint32_t process = 1000;
  uint64_t actor = 0;
  introduced(port, who, process, &actor);
  auto all = all_frames(actor, process);
  all.push_back(bottomless_error(actor));
  for (auto& x : all)
    for (auto length : {std::optional<uint32_t>{}, std::optional{500u << 20}}) {
      out.push_back(introduced(port, who, process += 10));
      x.length = length;
      out.back().send(x.bytes());
    }
  return out;
}

void check_lengths(bool tls) {
  victims them{{.tls = tls}};
  auto node = peak_memory(them.node());
  auto driver = peak_memory(them.driver());
  std::vector<connection> open;
  for (auto port : {them.node_port(), them.control_port()})
    for (auto& x : announce_much(port, them.identity()))
      open.push_back(std::move(x));
  // Both have seen all of it when they answer this.
  them.tell("neuron 9");
  CHECK(peak_memory(them.node()) - node < few_megabytes);
  CHECK(peak_memory(them.driver()) - driver < few_megabytes);
  them.tell("resume");
  auto model = them.finish();
  CHECK(model == them.undisturbed());
}

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Sends frames to both ports, some to each connection while it stands.
void hammer(const victims& them, uint64_t frames, std::mt19937_64& random) {
  uint64_t actor = 0;
  for (uint64_t sent = 0; sent < frames;) {
    auto port = random() % 2 == 0 ? them.node_port() : them.control_port();
    auto process = static_cast<uint32_t>(random());
    auto who = random() % 16 == 0 ? nullptr : them.identity();
    // Nobody answers who speaks no TLS where others do.
    auto silent = random() % 4 == 0 || who != them.identity();
    auto peer =
        silent ? connection{port, who} : introduced(port, who, process, &actor);
    auto kinds = all_frames(actor, process);
    for (int i = 0; i < 32 && sent < frames && peer.open(); ++i, ++sent) {
      peer.send(disfigured(kinds[random() % kinds.size()], random));
      if (random() % 4 != 0)
        peer.drain();
    }
    ++sent;
  }
}

void check_frames(bool tls, uint64_t frames) {
  auto seed = number_from_environment("NNACTOR_SEED", 1);
  MESSAGE(fmt::format("{} frames{}, NNACTOR_SEED={}", frames,
                      tls ? " over TLS" : "", seed));
  std::mt19937_64 random{seed};
  victims them{{.tls = tls, .steps = 400}};
  auto node = peak_memory(them.node());
  auto driver = peak_memory(them.driver());
  hammer(them, frames / 2, random);
  CHECK(peak_memory(them.driver()) - driver < few_megabytes);
  them.tell("resume");
  them.await("\"committed\"");
  hammer(them, frames / 2, random);
  CHECK(peak_memory(them.node()) - node < few_megabytes);
  auto model = them.finish();
  CHECK(model == them.undisturbed());
}

} // namespace

TEST_CASE("what is announced and not sent takes no memory") {
  check_lengths(false);
}

TEST_CASE("what is announced over TLS and not sent takes no memory") {
  check_lengths(true);
}

TEST_CASE("frames of all kinds, right and wrong, disturb nobody") {
  check_frames(false, number_from_environment("NNACTOR_FRAMES", 20000));
}

TEST_CASE("frames of all kinds over TLS disturb nobody") {
  check_frames(true, number_from_environment("NNACTOR_FRAMES", 20000) / 50);
}

TEST_CASE("those who call and say nothing keep nobody out") {
  // The last has no files left for all of them.
  for (auto how : {victim_settings{}, victim_settings{.tls = true},
                   victim_settings{.files = 100}}) {
    INFO("TLS: " << how.tls << ", files: " << how.files);
    victims them{how};
    auto before = open_files(them.node());
    std::vector<connection> silent;
    for (int i = 0; i < 300; ++i) {
      silent.emplace_back(them.node_port());
      silent.back().send("\x01\x02\x03");
      silent.emplace_back(them.control_port());
    }
    them.tell("resume");
    CHECK(open_files(them.node()) < before + 200);
    auto model = them.finish();
    CHECK(model == them.undisturbed());
  }
}
