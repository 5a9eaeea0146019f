#include "chat/render.hpp"

#include "nnactor/chat/built_in_templates.hpp"

#include <fstream>

using namespace nnactor;
using namespace nnactor::test;

namespace {

conversation long_one() {
  conversation out;
  out.messages = {{"system", "Be brief."},
                  {"user", " Hi "},
                  {"assistant", "Hello! "},
                  {"user", "Bye"}};
  out.bos_token = "<s>";
  out.eos_token = "</s>";
  return out;
}

std::string with(const char* name, const conversation& said) {
  auto text = built_in_template(name);
  REQUIRE(text);
  return rendered(*text, said);
}

} // namespace

TEST_CASE("ChatML is built in") {
  auto said = long_one();
  auto prompt = "<|im_start|>system\nBe brief.<|im_end|>\n"
                "<|im_start|>user\n Hi <|im_end|>\n"
                "<|im_start|>assistant\nHello! <|im_end|>\n"
                "<|im_start|>user\nBye<|im_end|>\n";
  CHECK(with("chatml", said)
        == std::string{prompt} + "<|im_start|>assistant\n");
  said.add_generation_prompt = false;
  CHECK(with("chatml", said) == prompt);
}

TEST_CASE("the template of Llama 2 is built in") {
  auto said = long_one();
  CHECK(with("llama2", said)
        == "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hi [/INST] Hello! </s>"
           "<s>[INST] Bye [/INST]");
  said.messages = {{"user", "Hi"}};
  CHECK(with("llama2", said) == "<s>[INST] Hi [/INST]");
  said.messages = {{"assistant", "Hi"}};
  CHECK(with("llama2", said)
        == "the template of the model does not take these messages: after a "
           "system message, user and assistant have to take turns, and the "
           "user begins");
}

TEST_CASE("the template of Llama 3 is built in") {
  auto said = long_one();
  said.bos_token = "<|begin_of_text|>";
  CHECK(with("llama3", said)
        == "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
           "Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
           "Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
           "Hello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
           "Bye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST_CASE("no other template is built in") {
  CHECK_FALSE(built_in_template("llama4"));
  CHECK_FALSE(built_in_template(""));
}

TEST_CASE("the prompts of SmolLM2 are those of its own template") {
  std::string here = __FILE__;
  auto root = here.substr(0, here.rfind("/tests/"));
  auto path = root + "/../shared/data/smollm2/golden.json";
  std::ifstream file{path};
  if (!file) {
    MESSAGE("skipped: no " << path);
    return;
  }
  auto golden = nlohmann::json::parse(file);
  // ChatML with a system message of its own where there is none.
  auto text = "{% for message in messages %}{% if loop.first and message.role "
              "!= 'system' %}{{ '<|im_start|>system\nYou are a helpful AI "
              "assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
              "{% endif %}{{ '<|im_start|>' + message['role'] + '\n' + "
              "message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
              "{% endif %}";
  REQUIRE(golden["chats"].size() > 0);
  for (auto& chat : golden["chats"]) {
    conversation said;
    for (auto& message : chat["messages"])
      said.messages.push_back({message["role"], message["content"]});
    CHECK(rendered(text, said) == chat["text"].get<std::string>());
  }
}
