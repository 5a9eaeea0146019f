#include "nnactor/chat/fault.hpp"

namespace nnactor::chat {

namespace {

/// What comes from a template or a message is shown as one line that is not
/// too long and has nothing that terminals obey.
std::string one_line(const std::string& text) {
  constexpr size_t most = 300;
  std::string out;
  for (size_t i = 0; i < text.size() && out.size() < most; ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    auto is_c1 = byte == 0xc2 && i + 1 < text.size()
                 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    i += is_c1;
    out += is_c1 || byte < 0x20 || byte == 0x7f ? ' ' : text[i];
  }
  return out.size() == most ? out + "..." : out;
}

} // namespace

void refuse_text(position where, const std::string& why) {
  throw fault{fail(ec::invalid_data, "the template fails at {}:{}: {}",
                   where.line, where.column, one_line(why))};
}

void not_understood(position where, const std::string& what) {
  throw fault{fail(ec::invalid_data,
                   "the template uses '{}' at {}:{}, which is not understood",
                   one_line(what), where.line, where.column)};
}

void refuse_messages(const std::string& why) {
  throw fault{fail(ec::invalid_argument,
                   "the template of the model does not take these messages: {}",
                   one_line(why))};
}

} // namespace nnactor::chat
