#include "nnactor/chat/lexer.hpp"

#include "nnactor/chat/characters.hpp"
#include "nnactor/chat/string_literal.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace nnactor::chat {

namespace {

constexpr auto none_found = std::string_view::npos;

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

bool begins_name(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || x == '_';
}

/// Makes all ends of lines `\n` and drops the last.
std::string with_plain_line_ends(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n')
      continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  if (out.ends_with('\n'))
    out.pop_back();
  return out;
}

class template_splitter {
public:
  explicit template_splitter(const std::string& source)
      : source_(with_plain_line_ends(source)), rest_(source_) {
    for (size_t i = 0; i < source_.size(); ++i)
      if (source_[i] == '\n')
        lines_.push_back(i + 1);
  }

  std::vector<token> split() {
    while (at_ < rest_.size())
      read_text();
    add(token_kind::end, "", at_);
    return std::move(out_);
  }

private:
  position place(size_t at) const {
    auto line = std::ranges::upper_bound(lines_, at) - 1;
    return {static_cast<uint32_t>(line - lines_.begin() + 1),
            static_cast<uint32_t>(at - *line + 1)};
  }

  void add(token_kind kind, std::string_view text, size_t at) {
    out_.push_back({kind, std::string{text}, place(at)});
  }

  bool follows(std::string_view what) const {
    return rest_.substr(at_).starts_with(what);
  }

  bool take(std::string_view what) {
    auto found = follows(what);
    at_ += found ? what.size() : 0;
    return found;
  }

  void skip_space() {
    at_ += leading_space(rest_.substr(at_));
  }

  /// Takes the end of a tag or comment and what it cuts off the text after it.
  bool take_end(std::string_view end, bool is_output = false) {
    auto dashed = "-" + std::string{end};
    if (take(dashed)) {
      skip_space();
      return true;
    }
    if (!is_output && take("+" + std::string{end}))
      return true;
    if (!take(end))
      return false;
    if (!is_output)
      take("\n");
    return true;
  }

  /// The next of `{{`, `{%` and `{#`.
  size_t next_tag(size_t from) const {
    for (auto i = from; i + 1 < rest_.size(); ++i)
      if (rest_[i] == '{'
          && (rest_[i + 1] == '{' || rest_[i + 1] == '%'
              || rest_[i + 1] == '#'))
        return i;
    return rest_.size();
  }

  /// The text before a tag without what the tag cuts.
  std::string_view cut(size_t from, size_t tag, char sign,
                       bool is_output) const {
    auto text = rest_.substr(from, tag - from);
    if (sign == '-')
      return text.substr(0, text.size() - trailing_space(text));
    if (sign == '+' || is_output)
      return text;
    auto line = text.rfind('\n');
    auto begins_line =
        line != none_found || from == 0 || rest_[from - 1] == '\n';
    auto begin = line == none_found ? 0 : line + 1;
    auto is_blank = leading_space(text.substr(begin)) == text.size() - begin;
    return begins_line && is_blank ? text.substr(0, begin) : text;
  }

  void read_text() {
    auto from = at_;
    auto tag = next_tag(from);
    if (tag == rest_.size()) {
      add(token_kind::text, rest_.substr(from), from);
      at_ = tag;
      return;
    }
    auto kind = rest_[tag + 1];
    auto sign = tag + 2 < rest_.size() ? rest_[tag + 2] : ' ';
    auto text = cut(from, tag, sign, kind == '{');
    if (!text.empty())
      add(token_kind::text, text, from);
    at_ = tag + (sign == '-' || sign == '+' ? 3 : 2);
    if (kind == '#')
      skip_comment(tag);
    else if (kind != '%' || !read_raw(tag))
      read_tag(tag, kind == '{');
  }

  void skip_comment(size_t begin) {
    auto end = rest_.find("#}", at_);
    if (end == none_found)
      refuse(place(begin), "a comment has no end '#}}'");
    auto signed_end =
        end > at_ && (rest_[end - 1] == '-' || rest_[end - 1] == '+');
    at_ = signed_end ? end - 1 : end;
    take_end("#}");
  }

  /// Takes `raw %}...{% endraw %}`; false if this is another tag.
  bool read_raw(size_t begin) {
    auto back = at_;
    skip_space();
    if (!take("raw")) {
      at_ = back;
      return false;
    }
    skip_space();
    if (take("-%}")) {
      skip_space();
    } else if (!take("%}")) {
      at_ = back;
      return false;
    }
    auto from = at_;
    for (auto tag = rest_.find("{%", from); tag != none_found;
         tag = rest_.find("{%", tag + 2)) {
      at_ = tag + 2;
      auto sign = at_ < rest_.size() ? rest_[at_] : ' ';
      at_ += sign == '-' || sign == '+';
      skip_space();
      if (!take("endraw"))
        continue;
      skip_space();
      if (!take_end("%}"))
        continue;
      add(token_kind::text, cut(from, tag, sign, false), from);
      return true;
    }
    refuse(place(begin), "'raw' has no 'endraw'");
  }

  void read_tag(size_t begin, bool is_output) {
    add(is_output ? token_kind::output_begin : token_kind::tag_begin, "",
        begin);
    auto end = is_output ? "}}" : "%}";
    std::string open; // Brackets, within which no end is one.
    for (;;) {
      skip_space();
      auto from = at_;
      if (open.empty() && take_end(end, is_output)) {
        add(is_output ? token_kind::output_end : token_kind::tag_end, "", from);
        return;
      }
      if (at_ == rest_.size())
        refuse(place(begin), "'{}' has no end '{}'", is_output ? "{{" : "{%",
               end);
      read_token(open);
    }
  }

  void read_token(std::string& open) {
    auto from = at_;
    auto first = rest_[at_];
    if (begins_name(first)) {
      while (at_ < rest_.size()
             && (begins_name(rest_[at_]) || is_digit(rest_[at_])))
        ++at_;
      add(token_kind::name, rest_.substr(from, at_ - from), from);
    } else if (is_digit(first)) {
      read_number();
    } else if (first == '\'' || first == '"') {
      read_string(first);
    } else {
      read_symbol(open);
    }
  }

  void read_number() {
    auto from = at_;
    auto digits = [&] {
      while (at_ < rest_.size() && is_digit(rest_[at_]))
        ++at_;
    };
    digits();
    auto is_real =
        at_ + 1 < rest_.size() && rest_[at_] == '.' && is_digit(rest_[at_ + 1]);
    if (is_real) {
      ++at_;
      digits();
    }
    if (at_ < rest_.size() && begins_name(rest_[at_]))
      not_understood(place(from),
                     "a number like "
                         + std::string{rest_.substr(from, at_ + 1 - from)});
    add(is_real ? token_kind::real : token_kind::integer,
        rest_.substr(from, at_ - from), from);
  }

  void read_string(char quote) {
    auto from = at_++;
    while (at_ < rest_.size() && rest_[at_] != quote)
      at_ += rest_[at_] == '\\' ? 2 : 1;
    if (at_ >= rest_.size())
      refuse(place(from), "a string has no end {}", quote);
    auto inner = rest_.substr(from + 1, at_++ - from - 1);
    add(token_kind::string, resolve_escapes(inner, place(from)), from);
  }

  void read_symbol(std::string& open) {
    constexpr std::array<std::string_view, 26> symbols = {
        "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<",
        ">",  "=",  "(",  ")",  "[",  "]",  "{", "}", ".", ",", ":", "|", ";"};
    auto from = at_;
    for (auto symbol : symbols) {
      if (!take(symbol))
        continue;
      if (symbol == "(" || symbol == "[" || symbol == "{")
        open += symbol;
      constexpr std::string_view closing = ")]}", opening = "([{";
      if (auto which = closing.find(symbol); which != none_found) {
        if (open.empty() || open.back() != opening[which])
          refuse(place(from), "'{}' closes nothing", symbol);
        open.pop_back();
      }
      return add(token_kind::symbol, symbol, from);
    }
    refuse(place(from), "a character has no meaning here");
  }

  std::string source_;
  std::string_view rest_; ///< All of the source.
  size_t at_ = 0;
  std::vector<size_t> lines_ = {0}; ///< Where each begins.
  std::vector<token> out_;
};

} // namespace

std::vector<token> split_template(const std::string& source) {
  return template_splitter{source}.split();
}

} // namespace nnactor::chat
