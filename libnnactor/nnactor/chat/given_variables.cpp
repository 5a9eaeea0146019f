#include "nnactor/chat/given_variables.hpp"

namespace nnactor::chat {

namespace {

using json = nlohmann::ordered_json;

/// Makes values of what people gave, and counts its bytes.
class given_reader {
public:
  size_t bytes() const noexcept {
    return bytes_;
  }

  value string(const std::string& text) {
    bytes_ += text.size();
    return value{marked_text{text, writer::people}};
  }

  value read(const json& x, uint32_t level = 1) {
    if (level > limits::value_depth)
      throw fault{fail(ec::invalid_argument,
                       "variables of a template are in each other more than "
                       "{} deep",
                       limits::value_depth)};
    bytes_ += limits::work_of_node;
    switch (x.type()) {
    case json::value_t::boolean:
      return value{x.get<bool>()};
    case json::value_t::number_integer:
      return value{x.get<int64_t>()};
    case json::value_t::number_unsigned:
      return x.get<uint64_t>() <= INT64_MAX ? value{x.get<int64_t>()}
                                            : value{x.get<double>()};
    case json::value_t::number_float:
      return value{x.get<double>()};
    case json::value_t::string:
      return string(x.get_ref<const std::string&>());
    case json::value_t::array:
      return read_list(x, level);
    case json::value_t::object:
      return read_object(x, level);
    default:
      return value{none{}};
    }
  }

private:
  value read_list(const json& x, uint32_t level) {
    sequence out;
    for (auto& item : x) {
      out.items.push_back(read(item, level + 1));
      out.depth = std::max(out.depth, 1 + depth_of(out.items.back()));
    }
    return value{std::make_shared<const sequence>(std::move(out))};
  }

  value read_object(const json& x, uint32_t level) {
    mapping out;
    for (auto& [key, item] : x.items()) {
      bytes_ += key.size();
      out.items.emplace_back(marked_text{key, writer::people},
                             read(item, level + 1));
      out.depth = std::max(out.depth, 1 + depth_of(out.items.back().second));
    }
    return value{std::make_shared<const mapping>(std::move(out))};
  }

  size_t bytes_ = 0;
};

value message_of(const chat_message& what, given_reader& read) {
  mapping out;
  auto add = [&](const char* key, const std::string& text) {
    out.items.emplace_back(marked_text{key, writer::model}, read.string(text));
  };
  add("role", what.role);
  add("content", what.content);
  return value{std::make_shared<const mapping>(std::move(out))};
}

} // namespace

given_variables variables_of(const conversation& what) {
  if (!what.variables.is_object())
    throw fault{fail(ec::invalid_argument,
                     "variables of a template have to be a JSON object")};
  given_reader read;
  given_variables out;
  out.all["tools"] = value{none{}};
  out.all["documents"] = value{none{}};
  for (auto& [name, x] : what.variables.items())
    out.all[name] = read.read(x);
  sequence messages;
  messages.depth = 2;
  for (auto& message : what.messages)
    messages.items.push_back(message_of(message, read));
  out.all["messages"] =
      value{std::make_shared<const sequence>(std::move(messages))};
  out.all["add_generation_prompt"] = value{what.add_generation_prompt};
  out.all["bos_token"] = value{marked_text{what.bos_token, writer::model}};
  out.all["eos_token"] = value{marked_text{what.eos_token, writer::model}};
  out.bytes = read.bytes() + what.bos_token.size() + what.eos_token.size();
  return out;
}

} // namespace nnactor::chat
