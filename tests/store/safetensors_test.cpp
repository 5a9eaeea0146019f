#include "nnactor/store/safetensors.hpp"
#include "store/fixture.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>

using namespace nnactor;
using namespace nnactor::test;

namespace {

struct exported_model {
  std::shared_ptr<memory_filesystem> fs = std::make_shared<memory_filesystem>();
  model_store store{fs, "m"};
  manifest what;
  std::vector<std::byte> bytes; ///< Of the file.

  exported_model() {
    auto net = small_network();
    REQUIRE(store.claim_epoch());
    auto committed = commit_model(store, 1, net, deal(net, 3), 2.5);
    REQUIRE(committed);
    what = *committed;
    REQUIRE(!export_safetensors(store, what, *fs, "file"));
    bytes = read_file(*fs, "file");
  }

  /// The file in its parts.
  std::pair<std::string, std::vector<std::byte>> parts() const {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof(length));
    std::string header(length, ' ');
    std::memcpy(header.data(), bytes.data() + 8, length);
    return {header,
            {bytes.begin() + 8 + static_cast<ptrdiff_t>(length), bytes.end()}};
  }

  result<manifest> import(const std::string& header,
                          const std::vector<std::byte>& data,
                          std::optional<uint64_t> length = std::nullopt) {
    auto said = length.value_or(header.size());
    std::vector<std::byte> all(8 + header.size());
    std::memcpy(all.data(), &said, 8);
    std::memcpy(all.data() + 8, header.data(), header.size());
    all.insert(all.end(), data.begin(), data.end());
    replace_file(*fs, "file", all);
    model_store other{fs, "other"};
    return import_safetensors(*fs, "file", other);
  }

  /// What importing says after a change of the header.
  template <class F>
  std::string complaint(F change) {
    auto [text, data] = parts();
    auto header = nlohmann::json::parse(text);
    change(header);
    auto made = import(header.dump(), data);
    REQUIRE(!made);
    CHECK(code_of(made.error()) == ec::store_corrupt);
    CHECK_FALSE(fs->exists("other"));
    return explain(made.error());
  }
};

} // namespace

TEST_CASE("a model is the same after export and import, to the bit") {
  exported_model x;
  model_store other{x.fs, "other"};
  auto made = import_safetensors(*x.fs, "file", other);
  REQUIRE_MESSAGE(made, explain(made.error()));
  CHECK(made->step == x.what.step);
  CHECK(made->validation_loss == x.what.validation_loss);
  CHECK(made->net.layers == x.what.net.layers);
  CHECK(reads_whole(other, *made));
  CHECK(*other.content_of(*made) == *x.store.content_of(x.what));
  CHECK(other.verify(*made, nullptr)->empty());
  // Once more into the same place is refused.
  auto again = import_safetensors(*x.fs, "file", other);
  CHECK(code_of(again.error()) == ec::invalid_argument);
}

TEST_CASE("the file is what the format says") {
  exported_model x;
  auto [text, data] = x.parts();
  CHECK(text.size() % 8 == 0);
  auto header = nlohmann::json::parse(text);
  auto& weight = header.at("hidden.weight");
  CHECK(weight.at("dtype") == "F32");
  CHECK(weight.at("shape").size() == 2);
  CHECK(header.at("hidden.bias").at("shape") == nlohmann::json{10});
  auto begin = weight.at("data_offsets").at(0).get<uint64_t>();
  float first = 0;
  std::memcpy(&first, data.data() + begin, sizeof(first));
  auto& hidden = x.what.net.layers[*x.what.net.find("hidden")];
  CHECK(first == value_of("weight", hidden.first, 0));
}

TEST_CASE("a file that breaks a rule of the format is refused by name") {
  exported_model x;
  auto [header, data] = x.parts();
  auto why = [&](const result<manifest>& made) {
    REQUIRE(!made);
    CHECK(code_of(made.error()) == ec::store_corrupt);
    return explain(made.error());
  };
  CHECK(why(x.import(header, data, 100'000'001))
        == "file: says that its header has 100000001 bytes; either it is cut "
           "off or no safetensors file");
  CHECK(
      why(x.import(header, {}, header.size() + 1)).find("says that its header")
      != std::string::npos);
  CHECK(why(x.import(" " + header, data)).find("not a JSON object")
        != std::string::npos);
  CHECK(why(x.import("{\"a\":1,\"a\":2}", data)).find("not a JSON object")
        != std::string::npos);
  CHECK(why(x.import(header.substr(0, header.size() / 2), data))
            .find("not a JSON object")
        != std::string::npos);
  auto longer = data;
  longer.resize(longer.size() + 1);
  CHECK(why(x.import(header, longer)).find("its header speaks of")
        != std::string::npos);
  auto shorter = data;
  shorter.resize(shorter.size() - 1);
  CHECK(!x.import(header, shorter));
}

TEST_CASE("tensors that overlap, leave gaps or fit nothing are refused") {
  exported_model x;
  auto offsets = [](auto& header, const char* name) -> auto& {
    return header.at(name).at("data_offsets");
  };
  CHECK(x.complaint([&](auto& header) {
           header["hidden.bias"]["data_offsets"] =
               offsets(header, "hidden.adam.m.bias");
         }).find("two tensors at byte")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header.erase("hidden.bias");
         }).find("a gap at byte")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["hidden.bias"]["dtype"] = "F16";
         }).find("'hidden.bias' is not of dtype F32")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["hidden.bias"]["shape"] = {10, 1};
         }).find("has another shape than the layer")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["hidden.bias"]["data_offsets"] = {8, 4};
         }).find("data_offsets that do not fit its shape")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["hidden.bias"]["data_offsets"] = {-4, 36};
         }).find("has no valid shape or data_offsets")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["stranger.weight"] = header["hidden.bias"];
         }).find("has tensors that its network has not")
        != std::string::npos);
  CHECK(x.complaint([](auto& header) {
           header["hidden.bias"]["more"] = 1;
         }).find("has not exactly dtype, shape and data_offsets")
        != std::string::npos);
}

TEST_CASE("a file of another program is refused kindly") {
  exported_model x;
  auto [text, data] = x.parts();
  auto header = nlohmann::json::parse(text);
  header.erase("__metadata__");
  auto made = x.import(header.dump(), data);
  CHECK(code_of(made.error()) == ec::invalid_data);
  CHECK(explain(made.error()).find("was not written by `nnactor model export`")
        != std::string::npos);
}

TEST_CASE("a value that is not finite is named") {
  exported_model x;
  auto file = x.parts();
  auto header = nlohmann::json::parse(file.first);
  auto why = [&](const char* tensor, uint64_t at, float value) {
    auto changed = file.second;
    auto begin =
        header.at(tensor).at("data_offsets").at(0).get<uint64_t>() + 4 * at;
    std::memcpy(changed.data() + begin, &value, sizeof(value));
    auto made = x.import(file.first, changed);
    REQUIRE(!made);
    CHECK(code_of(made.error()) == ec::invalid_data);
    return explain(made.error());
  };
  CHECK(why("hidden.bias", 3, NAN)
        == "file: tensor 'hidden.bias' holds nan at [3]; a model must hold "
           "finite numbers only");
  auto columns = header.at("hidden.weight").at("shape").at(1).get<uint64_t>();
  CHECK(why("hidden.weight", 2 * columns + 1, -INFINITY)
            .find("tensor 'hidden.weight' holds -inf at [2, 1]")
        != std::string::npos);
}

TEST_CASE("a pointer of Git LFS is told from a damaged file") {
  exported_model x;
  std::string text = "version https://git-lfs.github.com/spec/v1\n"
                     "oid sha256:0\nsize 12\n";
  auto bytes = std::as_bytes(std::span{text});
  replace_file(*x.fs, "file", {bytes.begin(), bytes.end()});
  model_store other{x.fs, "other"};
  auto made = import_safetensors(*x.fs, "file", other);
  CHECK(explain(made.error())
        == "file: is a pointer of Git LFS, not the file itself; fetch that "
           "with `git lfs pull`");
}
