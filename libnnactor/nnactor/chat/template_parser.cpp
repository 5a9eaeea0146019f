#include "nnactor/chat/template_parser.hpp"

#include "nnactor/chat/expression_parser.hpp"

#include <algorithm>

namespace nnactor::chat {

namespace {

using kind = statement_kind;

class template_parser {
public:
  explicit template_parser(std::vector<token> tokens)
      : tokens_(std::move(tokens)), expressions_(tokens_) {
  }

  block read_all() {
    return read_block({});
  }

private:
  using words = std::initializer_list<std::string_view>;

  statement begin(kind what) const {
    statement out;
    out.kind = what;
    out.where = tokens_.peek().where;
    return out;
  }

  void end_tag() {
    tokens_.expect(token_kind::tag_end, "the end of a tag, '%}'");
  }

  bool ends(words all) const {
    return tokens_.peek().kind == token_kind::tag_begin
           && std::ranges::any_of(all, [&](auto word) {
                return tokens_.is(token_kind::name, word, 1);
              });
  }

  /// Statements up to one of the words, which is left, or the end.
  block read_block(words all) {
    parser_level level{depth_, tokens_.peek().where};
    block out;
    while (tokens_.peek().kind != token_kind::end && !ends(all))
      read_statement(out);
    return out;
  }

  /// The rest of a tag, a body, and the begin of a tag that ends it, whose
  /// word comes next.
  block read_body(words all) {
    auto where = tokens_.peek().where;
    end_tag();
    auto out = read_block(all);
    if (!ends(all))
      refuse(where, "this tag has no '{}'", *(all.end() - 1));
    tokens_.take();
    return out;
  }

  void read_statement(block& into) {
    auto& next = tokens_.peek();
    if (next.kind == token_kind::text) {
      into.push_back(begin(kind::text));
      into.back().text = tokens_.take().text;
    } else if (next.kind == token_kind::output_begin) {
      into.push_back(begin(kind::output));
      tokens_.take();
      into.back().expressions.push_back(expressions_.read_tuple());
      tokens_.expect(token_kind::output_end, "an operator or '}}'");
    } else {
      tokens_.take();
      into.push_back(read_tag());
      end_tag();
    }
  }

  /// What is between `{%` and the last `%}`.
  statement read_tag() {
    auto where = tokens_.peek().where;
    auto word = tokens_.expect_name("the name of a tag");
    if (word == "if")
      return read_branch(where);
    if (word == "for")
      return read_loop(where);
    if (word == "set")
      return read_set(where);
    if (word == "macro")
      return read_macro(where);
    if (word == "filter")
      return read_filter(where);
    if (word == "generation") {
      auto out = begin(kind::scope);
      out.bodies.push_back(read_body({"endgeneration"}));
      tokens_.take();
      return out;
    }
    if (word == "break" || word == "continue") {
      if (loops_ == 0)
        refuse(where, "'{}' is in no loop", word);
      return begin(word == "break" ? kind::leave : kind::next);
    }
    if (word.starts_with("end") || word == "else" || word == "elif")
      refuse(where, "'{}' ends nothing", word);
    not_understood(where, word);
  }

  statement read_branch(position where) {
    auto out = begin(kind::branch);
    for (;;) {
      out.expressions.push_back(expressions_.read());
      out.bodies.push_back(read_body({"elif", "else", "endif"}));
      if (!tokens_.take_name("elif"))
        break;
    }
    if (tokens_.take_name("else"))
      out.bodies.push_back(read_body({"endif"}));
    tokens_.take();
    out.where = where;
    return out;
  }

  std::vector<std::string> read_targets() {
    auto in_brackets = tokens_.take_symbol("(");
    std::vector<std::string> out;
    do
      out.push_back(tokens_.expect_name("the name of a variable"));
    while (tokens_.take_symbol(","));
    if (in_brackets)
      tokens_.expect_symbol(")");
    return out;
  }

  statement read_loop(position where) {
    auto out = begin(kind::loop);
    out.where = where;
    out.names = read_targets();
    if (!tokens_.take_name("in"))
      tokens_.unexpected("'in'");
    out.expressions.push_back(expressions_.read_without_condition());
    if (tokens_.take_name("if"))
      out.expressions.push_back(expressions_.read());
    if (tokens_.is_name("recursive"))
      not_understood(tokens_.peek().where, "recursive");
    ++loops_;
    out.bodies.push_back(read_body({"else", "endfor"}));
    --loops_;
    if (tokens_.take_name("else"))
      out.bodies.push_back(read_body({"endfor"}));
    tokens_.take();
    return out;
  }

  statement read_set(position where) {
    auto out = begin(kind::set);
    out.where = where;
    out.names = read_targets();
    if (tokens_.take_symbol("."))
      out.member = tokens_.expect_name("the name of an attribute");
    if (out.names.size() > 1 && !out.member.empty())
      tokens_.unexpected("'='");
    if (tokens_.take_symbol("=")) {
      out.expressions.push_back(expressions_.read_tuple());
      return out;
    }
    out.kind = kind::set_block;
    if (out.names.size() > 1)
      tokens_.unexpected("'='");
    if (tokens_.take_symbol("|"))
      out.expressions.push_back(read_filters());
    out.bodies.push_back(read_body({"endset"}));
    tokens_.take();
    return out;
  }

  /// Filters of what a body prints, which is a name that no template can write.
  expression read_filters() {
    expression printed;
    printed.kind = expression_kind::name;
    printed.where = tokens_.peek().where;
    return expressions_.read_filters(std::move(printed));
  }

  statement read_macro(position where) {
    auto out = begin(kind::macro);
    out.where = where;
    out.text = tokens_.expect_name("the name of a macro");
    tokens_.expect_symbol("(");
    while (!tokens_.take_symbol(")")) {
      out.names.push_back(tokens_.expect_name("the name of a parameter"));
      if (tokens_.take_symbol("="))
        out.expressions.push_back(expressions_.read());
      else if (!out.expressions.empty())
        tokens_.unexpected("'=' and a default");
      if (!tokens_.is_symbol(")"))
        tokens_.expect_symbol(",");
    }
    auto loops = std::exchange(loops_, 0);
    out.bodies.push_back(read_body({"endmacro"}));
    loops_ = loops;
    tokens_.take();
    return out;
  }

  statement read_filter(position where) {
    auto out = begin(kind::filter);
    out.where = where;
    out.expressions.push_back(read_filters());
    out.bodies.push_back(read_body({"endfilter"}));
    tokens_.take();
    return out;
  }

  token_stream tokens_;
  expression_parser expressions_;
  uint32_t depth_ = 0;
  uint32_t loops_ = 0; ///< That what is read is in.
};

} // namespace

block parse_template(const std::string& source) {
  return template_parser{split_template(source)}.read_all();
}

} // namespace nnactor::chat
