#include "support/process.hpp"

#include <doctest/doctest.h>

using namespace nnactor::test;

namespace {

// Runs the small config with one change that must be refused: exit status 2,
// one line that says all of `words`, and nothing saved.
void refuse_run(const std::vector<std::string>& overrides,
                const std::vector<std::string>& words,
                const std::string& more = "") {
  scratch folder;
  auto line = std::vector<std::string>{"run", small_config(folder, more)};
  for (auto& x : overrides) {
    line.push_back("--set");
    line.push_back(x);
  }
  auto end = run_nnactor(line);
  INFO(end.out << end.err);
  CHECK(end.status == 2);
  CHECK(end.err.find('\n') == end.err.size() - 1);
  for (auto& word : words)
    CHECK_MESSAGE(end.err.find(word) != std::string::npos, word);
  CHECK(run_nnactor({"model", "info", folder / "models/song"}).status == 2);
}

} // namespace

TEST_CASE("keys and types of the config") {
  refuse_run({"train.stepz=5"}, {"stepz", "steps"});
  refuse_run({"train.steps='many'"}, {"--set train.steps", "steps"});
  refuse_run({}, {"small.toml:", "activasion"},
             "[[network.layers]]\nkind = \"dense\"\nactivasion = \"relu\"\n");
}

TEST_CASE("parts that are not a partition") {
  refuse_run({}, {"small.toml:", "100"},
             "[[distribute.partition]]\npercentage = 37\n"
             "[[distribute.partition]]\npercentage = 62\n");
  refuse_run({}, {"small.toml:"},
             "[distribute]\nper_layer = false\n"
             "[[distribute.partition]]\ncount = 10\n"
             "[[distribute.partition]]\ncount = 11\n");
  refuse_run({}, {"small.toml:", "5"},
             "[[distribute.partition]]\nids = [\"0-60\", 5]\n"
             "[[distribute.partition]]\nids = [5]\n");
  refuse_run({}, {"small.toml:", "9999"},
             "[[distribute.partition]]\nids = [\"0-9999\"]\n");
  refuse_run({}, {"small.toml:", "hiden", "hidden"},
             "[[distribute.partition]]\nlayers = [\"characters\", \"hiden\"]\n"
             "[[distribute.partition]]\nlayers = [\"next\"]\n");
}

TEST_CASE("data that cannot be used") {
  scratch folder;
  write_file(folder / "empty.txt", "");
  write_file(folder / "binary.txt", std::string("ab\0cd", 5));
  refuse_run({"data.path=/nonexistent/file"}, {"/nonexistent/file"});
  refuse_run({"data.path=" + folder / "empty.txt"}, {"empty.txt"});
  refuse_run({"data.path=" + folder / "binary.txt"}, {"binary.txt"});
}

TEST_CASE("a store that cannot be written") {
  scratch folder;
  write_file(folder / "file", "in the way");
  refuse_run({"store.path=" + folder / "file/model"}, {"/file", "folder"});
}

TEST_CASE("addresses") {
  scratch folder;
  auto config = small_config(folder);
  auto end =
      run_nnactor({"run", config, "--set", "cluster.connect_timeout_ms=300",
                   "--nodes", "127.0.0.1:1"});
  CHECK(end.status == 2);
  CHECK(end.err.find("127.0.0.1:1") != std::string::npos);
  end = run_nnactor({"node", "--listen", "nonsense"});
  CHECK(end.status == 2);
  CHECK(end.err.find("HOST:PORT") != std::string::npos);
  end = run_nnactor({"node", "--listen", "0.0.0.0:0"});
  CHECK(end.status == 2);
  CHECK(end.err.find("TLS") != std::string::npos);
}

TEST_CASE("a port in use") {
  scratch folder;
  process first{command(
      {"node", "--listen", "127.0.0.1:0", "--state", folder / "state"})};
  auto line = first.line_with("listening on ");
  auto begin = line.find("127.0.0.1:");
  auto address = line.substr(begin, line.find(',') - begin);
  auto end = run_nnactor({"node", "--listen", address});
  CHECK(end.status == 2);
  CHECK(end.err.find(address) != std::string::npos);
  CHECK(end.err.find("in use") != std::string::npos);
}

TEST_CASE(
    "a loss that is no longer a number stops the run and keeps the rest") {
  scratch folder;
  auto config = small_config(folder);
  REQUIRE(run_nnactor({"run", config}).status == 0);
  auto end = run_nnactor({"run", config, "--overwrite", "--set",
                          "train.rate=1e30", "--set", "train.optimizer=sgd"});
  INFO(end.err);
  CHECK(end.status == 1);
  CHECK(end.err.find("step") != std::string::npos);
  CHECK(end.err.find("nan") != std::string::npos);
  CHECK(run_nnactor({"model", "verify", folder / "models/song"}).status == 0);
}

TEST_CASE("what was not saved is not said to be kept") {
  scratch folder;
  auto end = run_nnactor({"run", small_config(folder), "--set",
                          "train.rate=1e30", "--set", "train.optimizer=sgd"});
  CHECK(end.status == 1);
  CHECK(end.err.find("nothing has been saved yet") != std::string::npos);
  CHECK(end.err.find("-nan") == std::string::npos);
}

TEST_CASE("commands that are misspelt") {
  auto end = run_nnactor({"rum"});
  CHECK(end.status == 2);
  CHECK(end.err.find("rum") != std::string::npos);
  CHECK(run_nnactor({"generate", "/nonexistent"}).status == 2);
  CHECK(run_nnactor({"--version"}).out.find("CAF 0.17") != std::string::npos);
}

namespace {

/// Runs a line of a shell in which `nnactor` is the program.
outcome run_line(const std::string& line) {
  process x{{"/bin/bash", "-c",
             "nnactor() { " + command({}).front() + " \"$@\"; }; " + line}};
  return x.finish();
}

} // namespace

TEST_CASE("output that cannot be written is told, output that nobody reads is "
          "not") {
  scratch folder;
  auto config = small_config(folder);
  REQUIRE(run_nnactor({"run", config}).status == 0);
  auto model = folder / "models/song";
  for (auto& line :
       {"--help", "--version", "model failpoints", "bench directory --json"}) {
    auto end = run_line("nnactor " + std::string{line} + " > /dev/full");
    INFO(line);
    CHECK(end.status == 1);
    CHECK(end.err
          == "nnactor: cannot write standard output: No space left on "
             "device\n");
  }
  for (auto& line : {"run --check " + config, "model info " + model,
                     "model verify --json " + model, "model dump " + model,
                     "infer --json " + model, "generate " + model}) {
    INFO(line);
    CHECK(run_line("nnactor " + line + " > /dev/full").status == 1);
  }
  // As of a program that SIGPIPE has ended.
  auto end = run_line("nnactor infer --limit 0 " + model
                      + " | head -n 1; exit ${PIPESTATUS[0]}");
  CHECK(end.status == 141);
  CHECK(end.err.empty());
  end = run_line("nnactor run --json " + config
                 + " --set store.path=" + folder / "models/long"
                 + " --set train.steps=100000000 | head -n 1;"
                   " exit ${PIPESTATUS[0]}");
  CHECK(end.status == 143);
  end = run_line("nnactor infer --output /dev/full " + model);
  CHECK(end.status == 1);
  CHECK(end.err
        == "nnactor: /dev/full: not all could be written: No space left on "
           "device\n");
  write_file(folder / "mine", "kept");
  end =
      run_nnactor({"model", "export", model, "--safetensors", folder / "mine"});
  CHECK(end.status == 2);
  CHECK(end.err.find("is there already; name another file")
        != std::string::npos);
  CHECK(read_file(folder / "mine") == "kept");
}

TEST_CASE("arguments are checked before anything is done") {
  auto refused = [](const std::vector<std::string>& words,
                    const std::string& what) {
    auto end = run_nnactor(words);
    INFO(end.err);
    CHECK(end.status == 2);
    CHECK(end.err.find(what) != std::string::npos);
    CHECK(end.err.find('\n') == end.err.size() - 1);
  };
  refused({"generate", "none", "--json", "--prompt", "\xff\x1b"},
          "--prompt: byte 0 of '\\xff\\x1b' is not UTF-8");
  refused({"generate", "none", "--temperature", "nan"},
          "--temperature: 'nan' is not a number from 0 to 10");
  refused({"generate", "none", "--characters", "99999999999999"},
          "--characters: '99999999999999' is not a whole number");
  refused({"status", "127.0.0.1:1", "--timeout", "inf"}, "--timeout: 'inf'");
  refused({"run", "none", "--set", "data.path=\xff"}, "--set: byte 10 of");
  refused({"run", "no\x1b[31mne\n"}, "no\\x1b[31mne\\n: cannot be read");
}

TEST_CASE("a prompt with characters that the model does not know") {
  scratch folder;
  REQUIRE(run_nnactor({"run", small_config(folder)}).status == 0);
  auto end = run_nnactor({"generate", folder / "models/song", "--json",
                          "--characters", "5", "--prompt", "9 b\u00e9\u20ac"});
  CHECK(end.status == 0);
  CHECK(end.err
        == "nnactor: the model has not seen '\u00e9' (U+00E9), '\u20ac' "
           "(U+20AC) in training; left out of the prompt\n");
  CHECK(end.out.find("\"unknown\":\"\u00e9\u20ac\"") != std::string::npos);
  // Texts need not have all characters that it knows.
  auto ask = [&](const std::string& text) {
    write_file(folder / "other.txt", text);
    return run_nnactor({"infer", folder / "models/song", "--set",
                        "data.path=" + folder / "other.txt"});
  };
  std::string line = "9 bottles of beer on the wall\n";
  end = ask(line + line + line + line);
  INFO(end.err);
  CHECK(end.status == 0);
  end = ask(line + "9 Bottles\n");
  CHECK(end.status == 2);
  CHECK(end.err.find("byte 32 is 'B' (U+0042), which the model has not seen")
        != std::string::npos);
}
