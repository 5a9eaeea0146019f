#include "chat/render.hpp"

// What is expected here is what Jinja2 3.1.6 gives.

using namespace nnactor;
using namespace nnactor::test;

namespace {

struct example {
  std::string text;
  std::string expected;
};

void check(const std::vector<example>& all) {
  conversation said;
  said.messages = {{"user", "Hi é"}, {"assistant", " yo "}};
  said.variables = nlohmann::ordered_json::parse(
      R"({"s": "abc déf 日本", "l": [3, 1, 2], "d": {"b": 1, "a": {"x": [1, 2]}, "items": 5}, "n": null, "t": true, "f": 1.5, "e": [], "z": "", "ws": "  \n x y \t　", "users": [{"n": "x", "k": 1}, {"n": "y", "k": 2}, {"n": "z"}], "think": "<think>a</think>b</think>c"})");
  for (auto& x : all) {
    CAPTURE(x.text);
    CHECK(rendered(x.text, said) == x.expected);
  }
}

} // namespace

TEST_CASE("operators are those of Python") {
  check({
      {"{{ 1 + 2 * 3 - 4 }}", "3"},
      {"{{ -7 // 2 ~ \" \" ~ -7 % 3 ~ \" \" ~ 7 % -3 }}", "-4 2 -2"},
      {"{{ 7 / 2 }}", "3.5"},
      {"{{ 6 / 2 }}", "3.0"},
      {"{{ 1.5 * 2 }}", "3.0"},
      {"{{ \"ab\" * 2 + \"c\" ~ 1 ~ none ~ true }}", "ababc1NoneTrue"},
      {"{{ [1] * 2 + [n] }}", "[1, 1, None]"},
      {"{{ 1 < 2 < 3 }}", "True"},
      {"{{ 1 < 2 > 3 }}", "False"},
      {"{{ true == 1 }}", "True"},
      {"{{ [1, 2] == [1, 2] }}", "True"},
      {"{{ (1, 2) == [1, 2] }}", "False"},
      {"{{ {\"a\": 1} == {\"a\": 1.0} }}", "True"},
      {"{{ missing == other }}", "True"},
      {"{{ \"b\" in s }}", "True"},
      {"{{ \"x\" not in s }}", "True"},
      {"{{ \"a\" in d }}", "True"},
      {"{{ \"x\" in missing }}", "False"},
      {"{{ not 1 in l }}", "False"},
      {"{{ t and \"q\" }}", "q"},
      {"{{ e or \"q\" }}", "q"},
      {"{{ \"x\" if not t }}", ""},
      {"{{ \"a\" if e else \"b\" if t else \"c\" }}", "b"},
      {"{{ not s is defined }}", "False"},
      {"{{ -1 | abs }}", "1"},
      {"{{ l | length - 1 }}", "2"},
  });
}

TEST_CASE("strings, lists and mappings are looked into as in Python") {
  check({
      {"{{ s[0] + s[-1] + s[4:7] }}", "a本déf"},
      {"{{ s[::-1] }}", "本日 féd cba"},
      {"{{ s[-100:100:3] }}", "a f本"},
      {"{{ s[10::-3] }}", "本f a"},
      {"{{ s[5:1:-1] }}", "éd c"},
      {"{{ l[::-1] }}", "[2, 1, 3]"},
      {"{{ l[1:] + l[:-2] }}", "[1, 2, 3]"},
      {"{{ l[5] }}", ""},
      {"{{ d.a.x[1] }}", "2"},
      {"{{ d[\"a\"][\"x\"] }}", "[1, 2]"},
      {"{{ d[\"items\"] }}", "5"},
      {"{{ d.items() | list }}",
       "[('b', 1), ('a', {'x': [1, 2]}), ('items', 5)]"},
      {"{{ d.get(\"zz\", 7) }}", "7"},
      {"{{ d.get(\"zz\") }}", "None"},
      {"{{ d.zz is defined }}", "False"},
      {"{{ d.b.c is defined }}", "False"},
      {"{{ messages[-1].content }}", " yo "},
      {"{{ users[0].n ~ users[0][\"k\"] }}", "x1"},
      {"{{ range(5, 0, -2) | list }}", "[5, 3, 1]"},
      {"{{ dict(a=1)[\"a\"] }}", "1"},
      {"{{ namespace(a=1).a }}", "1"},
  });
}

TEST_CASE("tests and filters are those of Jinja") {
  check({
      {"{{ missing | default(\"q\") }}", "q"},
      {"{{ z | default(\"q\") ~ \".\" }}", "."},
      {"{{ z | default(\"q\", true) }}", "q"},
      {"{{ s is string and d is mapping and l is iterable }}", "True"},
      {"{{ n is none and n is not iterable }}", "True"},
      {"{{ true is number and 1.5 is float and 1 is integer }}", "True"},
      {"{{ 4 is divisibleby 2 and 3 is odd }}", "True"},
      {"{{ l | join(\", \") }}", "3, 1, 2"},
      {"{{ users | map(attribute=\"k\", default=0) | list }}", "[1, 2, 0]"},
      {"{{ [\"a \", \" b\"] | map(\"trim\") | list }}", "['a', 'b']"},
      {"{{ users | selectattr(\"k\", \"equalto\", 2) | list }}",
       "[{'n': 'y', 'k': 2}]"},
      {"{{ users | rejectattr(\"k\", \"defined\") | list }}", "[{'n': 'z'}]"},
      {"{{ l | select(\"odd\") | list }}", "[3, 1]"},
      {"{{ n | selectattr(\"k\") | list }}", "[]"},
      {"{{ [\"b\", \"A\", \"a\"] | unique | list }}", "['b', 'A']"},
      {"{{ d | dictsort }}", "[('a', {'x': [1, 2]}), ('b', 1), ('items', 5)]"},
      {"{{ l | first ~ (l | last) }}", "32"},
      {"{{ \"hello wORLD-foo\" | title }}", "Hello World-Foo"},
      {"{{ s | upper }}", "ABC DÉF 日本"},
      {"{{ \"ÀÉ\" | lower | capitalize }}", "Àé"},
      {"{{ ws | trim }}", "x y"},
      {"{{ \"xxbx\" | trim(\"x\") }}", "b"},
      {"{{ \"a\\nb\\n\\nc\" | indent(2) }}", "a\n  b\n\n  c"},
      {"{{ \"5\" | int + (\"x\" | int(3)) + (3.9 | int) }}", "11"},
      {"{{ \"2.5\" | float }}", "2.5"},
      {"{{ \"aXbX\" | replace(\"X\", \"--\") }}", "a--b--"},
      {"{{ missing | length }}", "0"},
      {"{{ \"日本\" | length }}", "2"},
  });
}

TEST_CASE("values print as in Python") {
  check({
      {"{{ l }}", "[3, 1, 2]"},
      {"{{ d }}", "{'b': 1, 'a': {'x': [1, 2]}, 'items': 5}"},
      {"{{ (1,) }}", "(1,)"},
      {"{{ () }}", "()"},
      {"{{ [none, true, 1.0, \"it's\", 'a\"b', '\\n\\\\'] }}",
       "[None, True, 1.0, \"it's\", 'a\"b', '\\n\\\\']"},
      {"{{ 100000000000000000.0 }}", "1e+17"},
      {"{{ 0.00001 }}", "1e-05"},
      {"{{ 1234567.125 }}", "1234567.125"},
      {"{{ missing }}", ""},
      {"{{ n }}", "None"},
  });
}

TEST_CASE("JSON is that of Python") {
  check({
      {"{{ d | tojson }}", "{\"b\": 1, \"a\": {\"x\": [1, 2]}, \"items\": 5}"},
      {"{{ d | tojson(indent=2) }}",
       "{\n  \"b\": 1,\n  \"a\": {\n    \"x\": [\n      1,\n      2\n    ]\n  "
       "},\n  \"items\": 5\n}"},
      {"{{ \"a\\\"b\\\\c\\n\\t\\x01/<>&'é\" | tojson }}",
       "\"a\\\"b\\\\c\\n\\t\\u0001/<>&'é\""},
      {"{{ \"😀é\" | tojson(ensure_ascii=true) }}", "\"\\ud83d\\ude00\\u00e9\""},
      {"{{ d | tojson(separators=(\",\", \":\"), sort_keys=true) }}",
       "{\"a\":{\"x\":[1,2]},\"b\":1,\"items\":5}"},
      {"{{ [[], {}, 1.5, none, false] | tojson }}",
       "[[], {}, 1.5, null, false]"},
      {"{{ e | tojson(indent=4) }}", "[]"},
  });
}

TEST_CASE("methods of strings are those of Python") {
  check({
      {"{{ think.split(\"</think>\") }}", "['<think>a', 'b', 'c']"},
      {"{{ think.split(\"</think>\", 1) }}", "['<think>a', 'b</think>c']"},
      {"{{ think.rsplit(\"</think>\", 1)[-1] }}", "c"},
      {"{{ ws.split() }}", "['x', 'y']"},
      {"{{ \" a  b c  \".split(none, 1) }}", "['a', 'b c  ']"},
      {"{{ \" a  b c  \".rsplit(none, 1) }}", "[' a  b', 'c']"},
      {"{{ \"a,b,,c\".split(\",\") }}", "['a', 'b', '', 'c']"},
      {"{{ \"\".split() + \"\".split(\",\") }}", "['']"},
      {"{{ ws.strip() + \"|\" + ws.lstrip() + \"|\" }}", "x y|x y \t　|"},
      {"{{ \"xyaxy\".lstrip(\"yx\") + \"xyaxy\".rstrip(\"yx\") }}", "axyxya"},
      {"{{ \"abc\".startswith((\"x\", \"ab\")) and \"abc\".endswith(\"bc\") }}",
       "True"},
      {"{{ \"éb\".find(\"b\") + \"abc\".find(\"z\") }}", "0"},
      {"{{ \",\".join([\"a\", \"b\"]) }}", "a,b"},
      {"{{ \"banana\".count(\"an\") }}", "2"},
      {"{{ \"abc\".removeprefix(\"a\") + \"abc\".removesuffix(\"bc\") }}",
       "bca"},
      {"{{ \"it's a day\".title() }}", "It'S A Day"},
      {"{{ \"\\x41\\u00e9\\U0001f600\\101\\q\" \"b\" }}", "Aé😀A\\qb"},
  });
}

TEST_CASE("statements are those of Jinja") {
  check({
      {"{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ "
       "loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.previtem }}{{ "
       "loop.nextitem }};{% endfor %}",
       "10TrueFalse331;21FalseFalse3232;32FalseTrue311;"},
      {"{% for x in l if x > 1 %}{{ x }}{{ loop.index }}{{ loop.last }} {% "
       "else %}none{% endfor %}",
       "31False 22True "},
      {"{% for x in e %}{{ x }}{% else %}none{% endfor %}", "none"},
      {"{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
       "b=1;a={'x': [1, 2]};items=5;"},
      {"{% for i in [1, 2] %}{% for j in \"ab\" %}{{ loop.index }}{{ i }}{{ j "
       "}} {% endfor %}{{ loop.index }};{% endfor %}",
       "11a 21b 1;12a 22b 2;"},
      {"{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor "
       "%}{{ x }}",
       "4 2 3 1"},
      {"{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i "
       "%}{% endfor %}{{ ns.x }}",
       "7"},
      {"{% set a, b = 1, 2 %}{{ a }}{{ b }}{% if t %}{% set a = 5 %}{% endif "
       "%}{{ a }}",
       "125"},
      {"{% set x | trim | upper %}  hi {{ s }}  {% endset %}[{{ x }}]",
       "[HI ABC DÉF 日本]"},
      {"{% filter upper %}abc {{ s }}{% endfilter %}", "ABC ABC DÉF 日本"},
      {"{% macro m(a, b=2, c=a) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ m(1) "
       "}}{{ m(1, 3) }}{{ m(1, c=9) }}{{ m() }}",
       "<121><131><129><2>"},
      {"{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% "
       "endmacro %}{{ m(5) }}",
       "543210"},
      {"{% set g = 1 %}{% macro m() %}{{ g }}{% set g = 3 %}{{ g }}{% endmacro "
       "%}{% set g = 2 %}{{ m() }}{{ g }}",
       "232"},
      {"{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if "
       "i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
       "0134"},
      {"{% if e %}1{% elif n %}2{% elif t %}3{% else %}4{% endif %}", "3"},
      {"{% generation %}{{ s }}{% endgeneration %}", "abc déf 日本"},
  });
}

TEST_CASE("white space around tags is cut as Hugging Face has it") {
  check({
      {"   {% if t %}\n   yes\n   {% endif %}\n   end", "   yes\n   end"},
      {"x   {% if t %}\n   yes   {% endif %}\n\n   end",
       "x      yes   \n   end"},
      {"   {%+ if t %}\n   yes\n   {%+ endif +%}\n   end",
       "      yes\n   \n   end"},
      {"   {{ 1 }}\n   {{- 2 }}\n   {{ 3 -}}\n   4", "   12\n   34"},
      {"{%- if t -%}\n   a\n{%- endif -%}\n\n b", "ab"},
      {"\n {{ 1 }}\n", "\n 1"},
      {"a\n  {# one\n #}\nb {#- two -#} c", "a\nbc"},
      {"  {% raw %}\n {{ x }}\n  {%- endraw %}\n !", "\n {{ x }} !"},
      {"{{ '}}' }}{{ \"{%\" }}{{ {\"a\": {\"b\": 1}}[\"a\"][\"b\"] }}{{ "
       "{'a':{}} }}",
       "}}{%1{'a': {}}"},
      {"{%if t%}x{%endif%}\t{%-if t-%} y {%-endif-%}", "xy"},
      {"{{ \"a\nb\" }}{{-1}}{{ -1 -}} .", "a\nb1-1."},
      {"a\r\n{% if t %}\r\n b\r{% endif %}\r\n", "a\n b\n"},
  });
}
