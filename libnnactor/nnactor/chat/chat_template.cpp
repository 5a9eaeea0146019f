#include "nnactor/chat/chat_template.hpp"

#include "nnactor/chat/given_variables.hpp"
#include "nnactor/chat/template_parser.hpp"

namespace nnactor {

namespace {

/// Cuts a text where what wrote it changes.
std::vector<prompt_piece> pieces_of(const chat::marked_text& text) {
  std::vector<prompt_piece> out;
  for (size_t begin = 0; begin < text.size();) {
    auto by = text.writer_of(begin);
    auto end = begin + 1;
    while (end < text.size() && text.writer_of(end) == by)
      ++end;
    out.push_back(
        {text.bytes().substr(begin, end - begin), by == chat::writer::model});
    begin = end;
  }
  return out;
}

} // namespace

chat_template::chat_template(
    std::shared_ptr<const std::vector<chat::statement>> all)
    : all_(std::move(all)) {
}

result<chat_template> chat_template::parse(const std::string& text) {
  if (text.size() > chat::limits::template_size)
    return fail(ec::invalid_data,
                "the template has {} bytes; more than {} are not read",
                text.size(), chat::limits::template_size);
  try {
    auto all = chat::parse_template(text);
    return chat_template{std::make_shared<const chat::block>(std::move(all))};
  } catch (const chat::fault& why) {
    return why.what;
  }
}

result<std::vector<prompt_piece>>
chat_template::render(const conversation& what) const {
  try {
    auto given = chat::variables_of(what);
    auto units = chat::limits::work + chat::limits::work_per_byte * given.bytes;
    chat::renderer once{std::move(given.all), units, what.now};
    return pieces_of(once.render(*all_));
  } catch (const chat::fault& why) {
    return why.what;
  }
}

std::string text_of(const std::vector<prompt_piece>& pieces) {
  std::string out;
  for (auto& piece : pieces)
    out += piece.text;
  return out;
}

} // namespace nnactor
