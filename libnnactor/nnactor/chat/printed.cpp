#include "nnactor/chat/printed.hpp"

#include "nnactor/utf8.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor::chat {

std::string number_text(double x) {
  if (std::isnan(x))
    return "nan";
  if (std::isinf(x))
    return x < 0 ? "-inf" : "inf";
  auto out = fmt::format("{}", x);
  if (out.find_first_of(".e") == std::string::npos)
    out += ".0";
  return out;
}

namespace {

/// Writes values as Python's `repr` does.
class representation {
public:
  explicit representation(work& w) : work_(w) {
  }

  marked_text take(const value& x) {
    add(x);
    return std::move(out_);
  }

private:
  void write(std::string_view bytes) {
    work_.spend(bytes.size());
    out_.append(bytes, writer::model);
  }

  void add(const value& x) {
    work_.spend(limits::work_of_node);
    if (auto* text = x.text())
      add_quoted(*text);
    else if (auto* list = x.list())
      add_list(*list);
    else if (auto* dictionary = x.dictionary())
      add_dictionary(*dictionary);
    else
      write_plain(x);
  }

  void write_plain(const value& x) {
    if (auto* is = x.get<bool>())
      write(*is ? "True" : "False");
    else if (auto* number = x.get<int64_t>())
      write(std::to_string(*number));
    else if (auto* real = x.get<double>())
      write(number_text(*real));
    else if (x.is<none>())
      write("None");
    else if (x.is<undefined>())
      write("Undefined");
    else
      refuse(work_.where, "{} cannot be printed", kind_of(x));
  }

  void add_list(const sequence& list) {
    write(list.is_tuple ? "(" : "[");
    for (size_t i = 0; i < list.items.size(); ++i) {
      write(i == 0 ? "" : ", ");
      add(list.items[i]);
    }
    if (list.is_tuple)
      write(list.items.size() == 1 ? ",)" : ")");
    else
      write("]");
  }

  void add_dictionary(const mapping& dictionary) {
    write("{");
    for (size_t i = 0; i < dictionary.items.size(); ++i) {
      write(i == 0 ? "" : ", ");
      add_quoted(dictionary.items[i].first);
      write(": ");
      add(dictionary.items[i].second);
    }
    write("}");
  }

  void add_quoted(const marked_text& text) {
    auto& bytes = text.bytes();
    auto has = [&](char x) { return bytes.find(x) != std::string::npos; };
    auto quote = has('\'') && !has('"') ? '"' : '\'';
    auto mark = std::string_view{&quote, 1};
    work_.spend(4 * bytes.size());
    out_.append(mark, writer::model);
    for (size_t i = 0; i < bytes.size(); ++i)
      out_.append(escaped(bytes[i], quote), text.writer_of(i));
    out_.append(mark, writer::model);
  }

  static std::string escaped(char x, char quote) {
    if (x == quote || x == '\\')
      return {'\\', x};
    if (x == '\n')
      return "\\n";
    if (x == '\r')
      return "\\r";
    if (x == '\t')
      return "\\t";
    auto byte = static_cast<unsigned char>(x);
    return byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte)
                                       : std::string{x};
  }

  work& work_;
  marked_text out_;
};

/// Writes values as Python's `json.dumps` does.
class json_writer {
public:
  json_writer(work& w, const json_layout& how) : work_(w), how_(how) {
  }

  marked_text take(const value& x) {
    add(x, 0);
    return std::move(out_);
  }

private:
  void write(std::string_view bytes) {
    work_.spend(bytes.size());
    out_.append(bytes, writer::model);
  }

  void new_line(size_t level) {
    if (!how_.indent)
      return;
    work_.spend(*how_.indent * level + 1);
    write("\n" + std::string(*how_.indent * level, ' '));
  }

  void add(const value& x, size_t level) {
    work_.spend(limits::work_of_node);
    if (auto* text = x.text())
      add_string(*text);
    else if (auto* list = x.list())
      add_list(*list, level);
    else if (auto* dictionary = x.dictionary())
      add_dictionary(*dictionary, level);
    else
      write_plain(x);
  }

  void write_plain(const value& x) {
    if (auto* is = x.get<bool>())
      write(*is ? "true" : "false");
    else if (auto* number = x.get<int64_t>())
      write(std::to_string(*number));
    else if (auto* real = x.get<double>())
      write(std::isfinite(*real) ? number_text(*real)
            : std::isnan(*real)  ? "NaN"
            : *real < 0          ? "-Infinity"
                                 : "Infinity");
    else if (x.is<none>())
      write("null");
    else
      refuse(work_.where, "{} cannot be written as JSON", kind_of(x));
  }

  /// Writes what `add_item(i)` writes for each item, between brackets.
  template <class AddItem>
  void add_items(size_t count, size_t level, const char* brackets,
                 AddItem add_item) {
    write({brackets, 1});
    for (size_t i = 0; i < count; ++i) {
      write(i == 0 ? "" : how_.between);
      new_line(level + 1);
      add_item(i);
    }
    if (count > 0)
      new_line(level);
    write({brackets + 1, 1});
  }

  void add_list(const sequence& list, size_t level) {
    add_items(list.items.size(), level, "[]",
              [&](size_t i) { add(list.items[i], level + 1); });
  }

  void add_dictionary(const mapping& dictionary, size_t level) {
    std::vector<const std::pair<marked_text, value>*> items;
    work_.spend(8 * dictionary.items.size());
    for (auto& item : dictionary.items)
      items.push_back(&item);
    if (how_.sorted)
      std::ranges::stable_sort(
          items, {}, [](auto* item) -> auto& { return item->first.bytes(); });
    add_items(items.size(), level, "{}", [&](size_t i) {
      add_string(items[i]->first);
      write(how_.after_key);
      add(items[i]->second, level + 1);
    });
  }

  void add_string(const marked_text& text) {
    auto& bytes = text.bytes();
    work_.spend(6 * bytes.size());
    out_.append("\"", writer::model);
    for_each_code_point(bytes, [&](uint32_t point, size_t at) {
      out_.append(escaped(point, bytes[at]), text.writer_of(at));
      return true;
    });
    out_.append("\"", writer::model);
  }

  std::string escaped(uint32_t point, char byte) const {
    switch (point) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      break;
    }
    if (point == no_code_point)
      return std::string{byte};
    if (point < 0x20 || (how_.ascii && point >= 0x7f && point < 0x10000))
      return fmt::format("\\u{:04x}", point);
    if (how_.ascii && point >= 0x10000)
      return fmt::format("\\u{:04x}\\u{:04x}",
                         0xd800 + ((point - 0x10000) >> 10),
                         0xdc00 + ((point - 0x10000) & 0x3ff));
    return encode_code_point(point);
  }

  work& work_;
  const json_layout& how_;
  marked_text out_;
};

} // namespace

marked_text represented(work& w, const value& x) {
  return representation{w}.take(x);
}

marked_text printed(work& w, const value& x) {
  if (auto* text = x.text()) {
    w.spend(text->size());
    return *text;
  }
  return x.is<undefined>() ? marked_text{} : represented(w, x);
}

marked_text as_json(work& w, const value& x, const json_layout& how) {
  return json_writer{w, how}.take(x);
}

} // namespace nnactor::chat
