// Writes what is right for each target, for the fuzzer to start from.
// Usage: fuzz_seeds FOLDER
#include "formats/gguf_builder.hpp"
#include "nnactor/chat/built_in_templates.hpp"
#include "nnactor/codec/framed.hpp"
#include "nnactor/codec/message.hpp"
#include "nnactor/codec/tokenizer_codec.hpp"
#include "nnactor/metadata/table_file.hpp"
#include "nnactor/store/safetensors.hpp"
#include "store/fixture.hpp"

#include <boost/filesystem.hpp>

#include <fstream>

using namespace nnactor;
using namespace nnactor::test;

namespace {

void write(const std::string& path, const std::vector<std::byte>& bytes) {
  boost::filesystem::create_directories(
      boost::filesystem::path{path}.parent_path());
  std::ofstream out{path, std::ios::binary};
  out.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

table_file table_of(const network& net, const partition& parts) {
  auto graph = make_group_graph(net, parts);
  std::vector<server> servers = {{"10.0.0.1:4000", "one.pem", 1},
                                 {"10.0.0.2:4000", "two.pem"},
                                 {"driver", ""}};
  connection_table all{net, graph, nnactor::place(graph, 2, 1), 0};
  return make_table_file(all, net, servers, "toy", "models/toy");
}

gguf_builder small_gguf() {
  gguf_builder out;
  out.start(2, 3).key("general.architecture", 8).text("llama");
  out.key("llama.block_count", 4).add<uint32_t>(2);
  out.array("tokenizer.ggml.tokens", 8, 2).text("one").text("two");
  out.tensor("a", {4, 3}, 0, 0).tensor("b", {32}, 8, 64);
  return out.data(64 + 34);
}

std::vector<std::byte> tokenizer_message() {
  tokenizer_description what;
  what.pre = "gpt-2";
  what.pieces = {"a", "b", "ab", "<|end|>"};
  what.types = {piece_type::normal, piece_type::normal, piece_type::normal,
                piece_type::control};
  what.merges = {{"a", "b"}};
  what.eos = 3;
  capnp::MallocMessageBuilder message;
  write(message.initRoot<schema::Tokenizer>(), what);
  return to_bytes(message);
}

/// As short as a tokenizer.json can be that is read.
constexpr std::string_view tokenizer_file =
    R"({"added_tokens":[{"id":3,"content":"<|end|>","special":true}],)"
    R"("normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence",)"
    R"("pretokenizers":[{"type":"Digits","individual_digits":true},)"
    R"({"type":"ByteLevel","add_prefix_space":false}]},)"
    R"("decoder":{"type":"ByteLevel"},"model":{"type":"BPE",)"
    R"("vocab":{"a":0,"b":1,"ab":2},"merges":["a b",["a","b"]]}})";

} // namespace

int main(int count, char** words) {
  if (count != 2)
    return 2;
  std::string folder = words[1];
  auto fs = make_memory_filesystem();
  model_store store{fs, "m"};
  auto net = small_network();
  if (!store.claim_epoch())
    return 1;
  auto saved = *commit_model(store, 1, net, deal(net, 2), 2.5);
  write(folder + "/manifest/whole",
        *unframe("NNACTORM", 1, encode(saved), ec::store_corrupt));
  write(folder + "/slices/whole", encode(saved.slices));
  write(folder + "/slice_file/whole", std::vector<std::byte>(64));
  write(folder + "/table/whole",
        *unframe("NNACTORT", 3, encode(table_of(net, deal(net, 2))),
                 ec::invalid_data));
  if (export_safetensors(store, saved, *fs, "file"))
    return 1;
  write(folder + "/safetensors/whole", read_file(*fs, "file"));
  write(folder + "/gguf/whole", small_gguf().bytes);
  write(folder + "/tokenizer/whole", tokenizer_message());
  auto json = std::as_bytes(std::span{tokenizer_file});
  write(folder + "/tokenizer_json/whole", {json.begin(), json.end()});
  for (auto* name : {"chatml", "llama2", "llama3"}) {
    auto text = *built_in_template(name);
    auto bytes = std::as_bytes(std::span{text});
    write(folder + "/chat_template/" + name, {bytes.begin(), bytes.end()});
  }
}
