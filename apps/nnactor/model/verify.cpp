#include "model/view.hpp"
#include "terminal/bytes_bar.hpp"
#include "terminal/format.hpp"
#include "terminal/output.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

namespace nnactor {

namespace {

using clock_type = std::chrono::steady_clock;

// Something that is not as it should be.
struct complaint {
  uint64_t generation = 0;
  std::string what;
};

// What is to be read, and what was found.
struct verification {
  std::vector<manifest> manifests;
  std::vector<complaint> complaints;
  std::map<uint64_t, digest> contents; ///< By generation, undamaged ones.
  uint64_t slices = 0;
  uint64_t bytes = 0;
  double seconds = 0;
};

// Unlike a reader, who falls back, this must not pass over a damaged one.
result<std::vector<uint64_t>> choose(model_view& view,
                                     const std::string& generation) {
  auto all = view.store.generations();
  if (!all)
    return all.error();
  if (all->empty())
    return view.store.open(choice::newest).error();
  if (generation.empty())
    return all;
  if (generation == "newest")
    return std::vector<uint64_t>{all->back()};
  auto one = view.load(generation);
  if (one)
    return std::vector<uint64_t>{one->what.generation};
  return one.error();
}

void load(model_view& view, uint64_t generation, verification& into) {
  auto loaded = load_manifest(*view.fs, view.store.folder(), generation);
  if (!loaded) {
    into.complaints.push_back({generation, explain(loaded.error())});
    return;
  }
  for (auto& x : loaded->what.slices)
    into.bytes += x.length;
  into.slices += loaded->what.slices.size();
  into.manifests.push_back(std::move(loaded->what));
}

caf::error read_all(model_view& view, bool bar, verification& into) {
  auto begin = clock_type::now();
  bytes_bar progress{console::of(stderr), "read"};
  uint64_t done = 0;
  for (auto& one : into.manifests) {
    auto found = view.store.verify(one, [&](uint64_t bytes) {
      done += bytes;
      if (bar)
        progress.update(done, into.bytes);
    });
    if (!found)
      return found.error();
    for (auto& damage : *found)
      into.complaints.push_back({one.generation, damage.what});
    if (!found->empty())
      continue;
    auto content = view.store.content_of(one);
    if (!content)
      return content.error();
    into.contents.emplace(one.generation, *content);
  }
  std::chrono::duration<double> taken = clock_type::now() - begin;
  into.seconds = taken.count();
  return caf::none;
}

void print_json(const std::string& path, const verification& what) {
  nlohmann::ordered_json out{{"path", path},
                             {"generations", nlohmann::json::array()},
                             {"slices", what.slices},
                             {"bytes", what.bytes},
                             {"seconds", what.seconds},
                             {"damage", nlohmann::json::array()}};
  for (auto& [generation, content] : what.contents)
    out["generations"].push_back(
        {{"generation", generation}, {"content", to_string(content)}});
  for (auto& x : what.complaints)
    out["damage"].push_back({{"generation", x.generation}, {"what", x.what}});
  say_json(out);
}

void print_text(const std::string& path, const verification& what) {
  for (auto& x : what.complaints)
    say("damaged: {}\n", x.what);
  for (auto& [generation, content] : what.contents)
    say("generation {}: content {}\n", generation, to_string(content));
  auto speed =
      static_cast<double>(what.bytes) / 1e6 / std::max(what.seconds, 1e-9);
  auto count = what.complaints.size();
  say("{}: {}, {}, {} read at {} MB/s: {}\n", path,
      counted(what.manifests.size(), "generation"),
      counted(what.slices, "slice"), format_bytes(what.bytes),
      format_rate(speed), count == 0 ? "all good" : counted(count, "damage"));
}

} // namespace

result<int> verify_model(const model_options& how) {
  model_view view{how.path};
  auto generations = choose(view, how.generation);
  if (!generations)
    return generations.error();
  verification what;
  for (auto generation : *generations)
    load(view, generation, what);
  if (auto err = read_all(view, !how.json, what))
    return err;
  if (how.json)
    print_json(how.path, what);
  else
    print_text(how.path, what);
  return what.complaints.empty() ? 0 : 1;
}

} // namespace nnactor
