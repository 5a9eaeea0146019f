#include "nnactor/chat/chat_template.hpp"
#include "fuzz/fuzz.hpp"

using namespace nnactor;
using namespace nnactor::test;

// The template of a model: whatever it is, it ends, in bounded memory, and what
// a message says never counts as the template's.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = chat_template::parse({reinterpret_cast<const char*>(data), size});
  if (!read)
    return 0;
  conversation said;
  said.messages = {{"system", "\x01\x01"}, {"user", "\x01"}, {"assistant", ""}};
  said.variables = {{"tools", {{{"name", "\x01"}, {"list", {1, 2.5, true}}}}}};
  said.bos_token = "<s>";
  said.now = std::tm{};
  auto made = read->render(said);
  auto has_mark = [&](const std::string& text) {
    return text.find('\x01') != std::string::npos;
  };
  std::string template_text{reinterpret_cast<const char*>(data), size};
  // Without an escape and the character itself, no template can write it.
  if (!made || has_mark(template_text)
      || template_text.find('\\') != std::string::npos)
    return 0;
  for (auto& piece : *made)
    must_hold(!piece.text.empty()
              && (!piece.from_template || !has_mark(piece.text)));
  return 0;
}
