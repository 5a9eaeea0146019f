#include "config/parse.hpp"

using namespace nnactor;

TEST_CASE("an unknown key is named with the nearest one") {
  CHECK(error_of(minimal + "[train]\nbatch = 1\n  stepz = 50")
        == "x.toml:5:3: unknown key 'train.stepz'; did you mean 'steps'?");
  CHECK(error_of(minimal + "[store]\nzzzzzz = 1")
        == "x.toml:4:1: unknown key 'store.zzzzzz'; keys here are path, keep, "
           "every");
  CHECK(error_of(minimal
                 + "[[network.layers]]\nkind = 'dense'\nunits = 1\n"
                   "activatoin = 'relu'")
        == "x.toml:6:1: unknown key 'network.layers.activatoin'; did you mean "
           "'activation'?");
}

TEST_CASE("an unknown section is named with the nearest one") {
  CHECK(error_of(minimal + "[tran]\nsteps = 50")
        == "x.toml:3:2: unknown section 'tran'; did you mean 'train'?");
  CHECK(error_of("qqqqq = 5\n" + minimal)
        == "x.toml:1:1: unknown key 'qqqqq'; sections are data, network, "
           "train, cluster, distribute, store");
}

TEST_CASE("a value of the wrong type names both types") {
  CHECK(error_of(minimal + "[train]\nsteps = 'many'")
        == "x.toml:4:9: 'train.steps' must be an integer, not a string");
  CHECK(error_of(minimal + "[train]\nsteps = 1.5")
        == "x.toml:4:9: 'train.steps' must be an integer, not a float");
  CHECK(error_of(minimal + "[train]\nrate = true")
        == "x.toml:4:8: 'train.rate' must be a number, not a boolean");
  CHECK(error_of("[data]\npath = 5")
        == "x.toml:2:8: 'data.path' must be a string, not an integer");
  CHECK(error_of("[data]\npath = 2026-01-01")
        == "x.toml:2:8: 'data.path' must be a string, not a date or time");
  CHECK(error_of(minimal + "[distribute]\nper_layer = 1")
        == "x.toml:4:13: 'distribute.per_layer' must be true or false, not an "
           "integer");
  CHECK(error_of(minimal + "[cluster]\naddresses = 'a:1'")
        == "x.toml:4:13: 'cluster.addresses' must be a list of strings, not a "
           "string");
  CHECK(error_of("data = 'texts'")
        == "x.toml:1:8: 'data' must be a table, not a string");
  CHECK(error_of(minimal + "[network]\nlayers = 3")
        == "x.toml:4:10: 'network.layers' must be a list of tables, "
           "[[network.layers]], not an integer");
}

TEST_CASE("a number out of range names the range") {
  CHECK(error_of(minimal + "[train]\nsteps = 0")
        == "x.toml:4:9: 'train.steps' is 0 but must be at least 1");
  CHECK(error_of(minimal + "[train]\nwindow = 65")
        == "x.toml:4:10: 'train.window' is 65 but must be between 1 and 64");
  CHECK(error_of(minimal + "[train]\nevaluate_every = 0")
        == "x.toml:4:18: 'train.evaluate_every' is 0 but must be at least 1");
  CHECK(error_of(minimal + "[train]\nrate = 0")
        == "x.toml:4:8: 'train.rate' is 0 but must be above 0");
  CHECK(error_of(minimal + "[train]\nbeta1 = 1")
        == "x.toml:4:9: 'train.beta1' is 1 but must be at least 0 and below 1");
  CHECK(error_of(minimal + "validation = 1")
        == "x.toml:3:14: 'data.validation' is 1 but must be above 0 and below "
           "1");
}

TEST_CASE("numbers of examples that cannot be are refused") {
  CHECK(error_of(minimal + "[train]\nevaluate_examples = -1")
            .starts_with("x.toml:4:21: 'train.evaluate_examples' is -1 but "
                         "must be between 0 and 4294967295"));
  CHECK(error_of(minimal + "[train]\nevaluate_examples = 0.5")
        == "x.toml:4:21: 'train.evaluate_examples' must be an integer, not a "
           "float");
}

TEST_CASE("losses that cannot be enough are refused") {
  CHECK(error_of(minimal + "[train]\nstop_at_loss = -0.5")
        == "x.toml:4:16: 'train.stop_at_loss' is -0.5 but must be at least 0");
  CHECK(error_of(minimal + "[train]\nstop_at_loss = nan")
        == "x.toml:4:16: 'train.stop_at_loss' is nan but must be at least 0");
  CHECK(error_of(minimal + "[train]\nstop_at_loss = 'low'")
        == "x.toml:4:16: 'train.stop_at_loss' must be a number, not a string");
}

TEST_CASE("numbers that are not finite as the program keeps them are refused") {
  for (const auto* number : {"nan", "inf", "-inf", "1e60", "1e-60", "-1"}) {
    CAPTURE(number);
    auto text = error_of(minimal + "[train]\nrate = " + number);
    CHECK(text.starts_with("x.toml:4:8: 'train.rate' is "));
    CHECK(text.ends_with(" but must be above 0"));
  }
}

TEST_CASE("what delays and sparse layers cannot be") {
  auto why = [](const std::string& keys) {
    return error_of(minimal + "[[network.layers]]\nunits = 3\n" + keys);
  };
  CHECK(why("kind = 'dense'\ndelay = 1")
        == "x.toml:6:9: 'network.layers.delay' must be a table such as { "
           "hidden = 1 }, not an integer");
  CHECK(why("kind = 'dense'\ndelay = { a = 0 }")
        == "x.toml:6:15: the delay of 'a' must be an integer from 1 to 65535");
  CHECK(why("kind = 'dense'\ndegree = 2")
        == "x.toml:6:10: 'network.layers.degree' only goes with kind = "
           "\"sparse\"");
  CHECK(why("kind = 'sparse'\ndegree = 2\ninside = 0.5")
        == "x.toml:7:10: 'network.layers.inside' only goes with pattern = "
           "\"clustered\"");
  CHECK(why("kind = 'sparse'")
        == "x.toml:3:1: 'network.layers.degree' is missing: how many inputs "
           "each neuron reads");
  CHECK(error_of("[data]\npath = 'x'\nformat = 'idx'\ntime_steps = 2")
        == "x.toml:4:14: 'data.time_steps' only goes with format = "
           "\"text\" or \"noise\"");
  CHECK(error_of("[data]\nformat = 'noise'\npath = 'x'")
        == "x.toml:3:8: 'data.path' only goes with format = \"text\" or "
           "\"idx\"");
  CHECK(error_of("[data]\npath = 'x'\nformat = 'idx'\ntokens = 300")
        == "x.toml:4:10: 'data.tokens' only goes with format = \"text\"");
  CHECK(error_of(minimal + "tokens = 256")
        == "x.toml:3:10: 'data.tokens' is 256 but must be between 257 and "
           "1000000");
  CHECK(error_of("[data]\npath = 'x'\ninputs = 2")
        == "x.toml:3:10: 'data.inputs' only goes with format = \"noise\"");
}

TEST_CASE("an unknown value is named with the nearest one") {
  CHECK(error_of(minimal + "[train]\noptimizer = 'adm'")
        == "x.toml:4:13: 'train.optimizer' is 'adm' but must be one of sgd, "
           "adam, adamw; did you mean 'adam'?");
  CHECK(error_of(minimal + "[[network.layers]]\nkind = 'conv'\nunits = 3")
        == "x.toml:4:8: 'network.layers.kind' is 'conv' but must be one of "
           "embedding, dense, sparse, stream, table, attention, mlp, "
           "vocabulary, norm, transformer");
  CHECK(error_of(minimal
                 + "[[network.layers]]\nkind = 'dense'\n"
                   "units = 'all'")
        == "x.toml:5:9: 'network.layers.units' is 'all' but must be an integer "
           "or 'classes'");
}

TEST_CASE("what is not TOML is an error with its position") {
  CHECK(error_of("[data]\npath = \n").starts_with("x.toml:2:"));
  CHECK(error_of("[data\npath = 'x'").starts_with("x.toml:1:"));
  CHECK(error_of(minimal + "path = 'twice'").starts_with("x.toml:3:"));
  CHECK(error_of("[data]\npath = '\xff'").starts_with("x.toml:2:"));
}

TEST_CASE("a text without quotes is shown with them") {
  CHECK(error_of(minimal + "[network]\nloss = mse # squared")
        == "x.toml:4:8: a text must be in quotes: loss = \"mse\"");
  CHECK(error_of("[data]\npath = /usr/share/common-licenses")
        == "x.toml:2:8: a text must be in quotes: path = "
           "\"/usr/share/common-licenses\"");
}

TEST_CASE("a byte order mark at the start of a config is passed over") {
  CHECK(parsed("\xef\xbb\xbf" + minimal).data.path == "texts");
}

TEST_CASE("what is missing is named") {
  CHECK(error_of("")
        == "x.toml:1:1: 'data.path' is missing: name a file or "
           "folder of data");
  CHECK(error_of("\n[data]\ncontext = 3")
        == "x.toml:2:1: 'data.path' is missing: name a file or folder of data");
  CHECK(error_of(minimal + "[[network.layers]]\nkind = 'dense'")
        == "x.toml:3:1: 'network.layers.units' is missing");
  CHECK(error_of("[data]\npath = ''")
        == "x.toml:2:8: 'data.path' must not be empty");
}

TEST_CASE("settings that do not go together are refused") {
  CHECK(error_of(minimal + "[train]\nbatch = 100\nmicro_batches = 3")
        == "x.toml:5:17: 'train.micro_batches' is 3, which does not divide "
           "'train.batch' = 100");
  CHECK(error_of(minimal + "[train]\nsteps = 10\nwarmup = 11")
        == "x.toml:5:10: 'train.warmup' is 11, more than 'train.steps' = 10");
  CHECK(error_of(minimal + "[cluster]\nkey = 'k'\nauthority = 'a'")
        == "x.toml:3:1: 'cluster.certificate' is missing: TLS needs "
           "certificate, key and authority, all three or none");
}

TEST_CASE("addresses must be complete and different") {
  auto wrong = [](const std::string& key, const std::string& value) {
    return error_of(minimal + "[cluster]\n" + key + " = " + value);
  };
  for (const std::string address : {"host", "host:0", "::1", "[::1", "[::1]",
                                    "127.0.0.1:80:90", " a:1", "a:65536"}) {
    CAPTURE(address);
    CHECK(wrong("addresses", "['b:1', '" + address + "']")
              .starts_with("x.toml:4:13: 'cluster.addresses' is wrong: '"
                           + address + "' is not an address: "));
  }
  CHECK(wrong("addresses", "['a:1', 'b:1', 'A:01']")
        == "x.toml:4:13: 'cluster.addresses' names 'a:1' twice");
  CHECK(wrong("addresses", "['a:1', '']")
            .starts_with("x.toml:4:21: 'cluster.addresses' must not hold"));
  CHECK(wrong("control", "'::1'")
            .starts_with("x.toml:4:11: 'cluster.control' is wrong: '::1' is"));
}

TEST_CASE("a config that cannot be read is named") {
  auto missing = read_experiment("/nowhere/x.toml", {});
  REQUIRE_FALSE(missing);
  CHECK(explain(missing.error())
        == "/nowhere/x.toml: cannot be read: No such file or directory");
  auto folder = read_experiment("/", {});
  REQUIRE_FALSE(folder);
  CHECK(explain(folder.error()) == "/: cannot be read: Is a directory");
}
