#include "chat/render.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

std::string of(const std::string& text) {
  conversation said;
  said.messages = {{"user", "hello"}};
  return rendered(text, said);
}

std::string times(size_t count, const std::string& what) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += what;
  return out;
}

bool says(const std::string& text, const std::string& what) {
  auto out = of(text);
  CAPTURE(text.substr(0, 100));
  CAPTURE(out.substr(0, 300));
  return out.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("what is not understood is named with its place") {
  auto lacks = [](const std::string& what, const std::string& where) {
    return "the template uses '" + what + "' at " + where
           + ", which is not understood";
  };
  CHECK(of("a\nb {% include 'x' %}") == lacks("include", "2:6"));
  CHECK(of("{% for x in [1] recursive %}{% endfor %}")
        == lacks("recursive", "1:17"));
  CHECK(of("{{ 1 | pprint }}") == lacks("|pprint", "1:8"));
  CHECK(of("{{ 1 is filter }}") == lacks("is filter", "1:9"));
  CHECK(of("{{ lipsum(1) }}") == lacks("lipsum()", "1:4"));
  CHECK(of("{{ 'a'.zfill(1) }}") == lacks(".zfill", "1:7"));
  CHECK(of("{{ [1].append(2) }}") == lacks(".append", "1:7"));
  CHECK(of("{{ 2 ** 3 }}") == lacks("**", "1:6"));
  CHECK(of("{{ '%s' % 1 }}") == lacks("%", "1:9"));
  CHECK(of("{{ dict(*x) }}") == lacks("*", "1:9"));
  CHECK(of("{% for x in [1] %}{% macro m() %}{% endmacro %}{% endfor %}")
        == lacks("a macro in a loop or macro", "1:22"));
}

TEST_CASE("what is wrong in a template is told with its place") {
  CHECK(of("{{ messages.x.y }}")
        == "the template fails at 1:14: 'x' is not defined, so there is no 'y' "
           "in it");
  CHECK(of("a\n {{ 1 + none }}")
        == "the template fails at 2:7: '+' does not go between an integer and "
           "none");
  CHECK(of("{{ missing + 'x' }}")
        == "the template fails at 1:12: 'missing' is not defined");
  CHECK(of("{% if true %}x")
        == "the template fails at 1:12: this tag has no 'endif'");
  CHECK(of("{% endfor %}")
        == "the template fails at 1:4: 'endfor' ends nothing");
  CHECK(of("{{ 1 1 }}")
        == "the template fails at 1:6: an operator or '}}' has to stand here, "
           "not '1'");
  CHECK(of("{{ (1 }}") == "the template fails at 1:7: '}' closes nothing");
  CHECK(of("x {{ 1") == "the template fails at 1:3: '{{' has no end '}}'");
  CHECK(of("{{ 'x }}") == "the template fails at 1:4: a string has no end '");
  CHECK(of("{# x") == "the template fails at 1:1: a comment has no end '#}'");
  CHECK(of("{{ 1 // 0 }}")
        == "the template fails at 1:6: a number is divided by 0");
  CHECK(of("{{ 9223372036854775807 + 1 }}")
        == "the template fails at 1:24: a number is larger than 64 bits can "
           "hold");
  CHECK(of("{{ range }}")
        == "the template fails at 1:4: a function cannot be printed");
  CHECK(of("{% break %}")
        == "the template fails at 1:4: 'break' is in no loop");
  CHECK(of("{{ 1 | trim('a', 'b') }}")
        == "the template fails at 1:8: 'trim' has an argument that is not "
           "understood");
  CHECK(of("{{ strftime_now('%Y') }}")
        == "the template fails at 1:16: it asks for the time, which was not "
           "given");
  CHECK(of("{{ '\\ud800' }}").starts_with("the template fails at 1:4: '\\u'"));
}

TEST_CASE("a template that does not take messages says why, on one line") {
  auto read =
      chat_template::parse("{{ raise_exception('no\n\x1b[31m tools') }}");
  REQUIRE(read);
  auto out = read->render({});
  REQUIRE_FALSE(out);
  CHECK(code_of(out.error()) == ec::invalid_argument);
  CHECK(explain(out.error())
        == "the template of the model does not take these messages: no  [31m "
           "tools");
}

TEST_CASE("variables have to be an object that is not too deep") {
  conversation said;
  said.variables = nlohmann::ordered_json::array();
  CHECK(rendered("x", said)
        == "variables of a template have to be a JSON object");
  auto deep = nlohmann::ordered_json::parse(times(99, "[") + times(99, "]"));
  said.variables = {{"deep", deep}};
  CHECK(rendered("x", said)
        == "variables of a template are in each other more than 64 deep");
}

TEST_CASE("hostile templates end soon, in little memory") {
  constexpr auto too_much = "it does more than a prompt can need";
  constexpr auto too_deep = "deep";
  CHECK(says("{% for x in range(10 ** 9) %}{% endfor %}", "not understood"));
  CHECK(says("{% for x in range(1000000000) %}x{% endfor %}", too_much));
  CHECK(
      says("{% for x in range(9223372036854775807) %}{% endfor %}", too_much));
  CHECK(says("{{ 'x' * 9223372036854775807 }}", too_much));
  CHECK(says("{{ [1, 2] * 9223372036854775807 }}", too_much));
  CHECK(says("{% set ns = namespace(x='xx') %}{% for i in range(99) %}"
             "{% set ns.x = ns.x + ns.x %}{% endfor %}",
             too_much));
  CHECK(says("{% set ns = namespace(x='xx') %}{% for i in range(99) %}"
             "{% set ns.x = ns.x | replace('x', ns.x) %}{% endfor %}",
             too_much));
  CHECK(says("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}"
             "{% set ns.x = ns.x + ns.x %}{% endfor %}",
             too_much));
  CHECK(says("{% set ns = namespace(x=[1]) %}{% for i in range(999) %}"
             "{% set ns.x = [ns.x] %}{% endfor %}",
             too_deep));
  CHECK(says("{% set ns = namespace(x=[1]) %}{% for i in range(50) %}"
             "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
             too_much));
  CHECK(says("{% set ns = namespace(x=[1]) %}{% for i in range(50) %}"
             "{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x == ns.x }}",
             too_much));
  CHECK(says("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", too_deep));
  CHECK(says("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
             too_deep));
  CHECK(says("{{ " + times(100'000, "(") + "1" + times(100'000, ")") + " }}",
             too_deep));
  CHECK(says("{{ " + times(100'000, "[") + " }}", "closes nothing"));
  CHECK(says("{{ " + times(100'000, "not ") + "1 }}", too_deep));
  CHECK(says("{{ " + times(100'000, "-") + "1 }}", too_deep));
  CHECK(says("{{ 1" + times(100'000, "+1") + " }}", "in a row"));
  CHECK(says("{{ x" + times(100'000, ".x") + " }}", "in a row"));
  CHECK(says("{{ x" + times(100'000, "|trim") + " }}", "in a row"));
  CHECK(says("{{ 1" + times(20'000, " if 1 else 1") + " }}", too_deep));
  CHECK(says(times(100'000, "{% if 1 %}"), too_deep));
  CHECK(says(times(20'000, "{% if 1 %}{% elif 1 %}"), too_deep));
  CHECK(says(std::string((size_t{1} << 20) + 1, 'x'), "are not read"));
}

TEST_CASE("namespaces that hold each other are freed") {
  CHECK(of("{% set a = namespace() %}{% set b = namespace(a=a) %}"
           "{% set a.b = b %}{% set a.a = [a, b] %}{{ a.b.a.b.a == a }}")
        == "True");
  CHECK(says("{% set a = namespace() %}{% set a.b = [a] %}{{ a.b }}",
             "a namespace cannot be printed"));
}

TEST_CASE("a template stays usable after a fault, and renders the same again") {
  auto read = chat_template::parse("{{ messages[0].content }}{{ ns }}"
                                   "{% set ns = 1 %}");
  REQUIRE(read);
  CHECK_FALSE(read->render({}));
  conversation said;
  said.messages = {{"user", "x"}};
  for (auto i = 0; i < 2; ++i)
    CHECK(text_of(*read->render(said)) == "x");
}
