#include "chat/render.hpp"

// Templates in the manner of those that models bring, and what Jinja2 3.1.6
// makes of them.

using namespace nnactor;
using namespace nnactor::test;

namespace {

conversation said(std::vector<chat_message> messages, bool prompt = true) {
  conversation out;
  out.messages = std::move(messages);
  out.add_generation_prompt = prompt;
  out.bos_token = "<s>";
  out.eos_token = "</s>";
  return out;
}

const std::vector<chat_message> one = {{"user", "Hello"}};
const std::vector<chat_message> several = {
    {"system", " Be brief. "},
    {"user", "Hi"},
    {"assistant", "<think>\nhm\n</think>\n\nHello! "},
    {"user", "  Bye\n"}};
const std::vector<chat_message> odd = {
    {"user", " 　é 日本 😀\t"}, {"assistant", ""}, {"user", ""}};
const std::vector<chat_message> wrong = {{"assistant", "x"},
                                         {"user", "it's {{ x }}"}};

} // namespace

TEST_CASE("headings, and no end without an answer") {
  constexpr auto text = R"jinja({% for message in messages %}
{% if message['role'] == 'system' and message['content'] %}
{{ '<|system|>\n' + message['content'] + '<|end|>' }}
{% elif message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + '<|end|>' }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}
)jinja";
  CHECK(rendered(text, said(one)) == "<|user|>\nHello<|end|>\n<|assistant|>\n");
  CHECK(rendered(text, said(several))
        == "<|system|>\n Be brief. "
           "<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\n<think>\nhm\n</"
           "think>\n\nHello! </s>\n<|user|>\n  Bye\n<|end|>\n<|assistant|>\n");
  CHECK(rendered(text, said(several, false))
        == "<|system|>\n Be brief. "
           "<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\n<think>\nhm\n</"
           "think>\n\nHello! </s>\n<|user|>\n  Bye\n<|end|>\n");
  CHECK(
      rendered(text, said(odd))
      == "<|user|>\n 　é 日本 "
         "😀\t<|end|>\n<|assistant|>\n</s>\n<|user|>\n<|end|>\n<|assistant|>\n");
  CHECK(rendered(text, said(wrong))
        == "<|assistant|>\nx</s>\n<|user|>\nit's {{ x "
           "}}<|end|>\n<|assistant|>\n");
}

TEST_CASE("turns that have to alternate, roles by other names") {
  constexpr auto text =
      R"jinja({{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set first = messages[0]['content'] | trim + '\n\n' %}{% set loop_messages = messages[1:] %}{% else %}{% set first = '' %}{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception("Roles must alternate") }}{% endif %}{% if message['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + (first if loop.first else '') }}{% if message['content'] is string %}{{ message['content'] | trim }}{% elif message['content'] is iterable %}{% for item in message['content'] %}{% if item['type'] == 'text' %}{{ item['text'] | trim }}{% endif %}{% endfor %}{% endif %}{{ '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %})jinja";
  CHECK(
      rendered(text, said(one))
      == "<s><start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\n");
  CHECK(rendered(text, said(several))
        == "<s><start_of_turn>user\nBe "
           "brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n<think>\nhm\n</"
           "think>\n\nHello!<end_of_turn>\n<start_of_turn>user\nBye<end_of_"
           "turn>\n<start_of_turn>model\n");
  CHECK(rendered(text, said(several, false))
        == "<s><start_of_turn>user\nBe "
           "brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n<think>\nhm\n</"
           "think>\n\nHello!<end_of_turn>\n<start_of_turn>user\nBye<end_of_"
           "turn>\n");
  CHECK(rendered(text, said(odd))
        == "<s><start_of_turn>user\né 日本 "
           "😀<end_of_turn>\n<start_of_turn>model\n<end_of_turn>\n<start_of_"
           "turn>user\n<end_of_turn>\n<start_of_turn>model\n");
  CHECK(rendered(text, said(wrong))
        == "the template of the model does not take these messages: Roles must "
           "alternate");
}

TEST_CASE("a system message beside the last question") {
  constexpr auto text = R"jinja({%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("user and assistant must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] | trim + eos_token }}
    {%- endif %}
{%- endfor %}
)jinja";
  CHECK(rendered(text, said(one)) == "<s>[INST] Hello[/INST]");
  CHECK(rendered(text, said(several))
        == "<s>[INST] Hi[/INST] <think>\nhm\n</think>\n\nHello!</s>[INST]  Be "
           "brief. \n\n  Bye\n[/INST]");
  CHECK(rendered(text, said(several, false))
        == "<s>[INST] Hi[/INST] <think>\nhm\n</think>\n\nHello!</s>[INST]  Be "
           "brief. \n\n  Bye\n[/INST]");
  CHECK(rendered(text, said(odd))
        == "<s>[INST]  　é 日本 😀\t[/INST] </s>[INST] [/INST]");
  CHECK(rendered(text, said(wrong))
        == "the template of the model does not take these messages: user and "
           "assistant must alternate");
}

TEST_CASE("thoughts of earlier answers are left out") {
  constexpr auto text = R"jinja({% set ns = namespace(system='', last=-1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if ns.last < 0 and message.role == "user" and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.last = index %}
    {%- endif %}
    {%- if message.role == 'system' %}{% set ns.system = message.content %}{% endif %}
{%- endfor %}
{{- bos_token ~ ns.system }}
{%- for message in messages if message.role != 'system' %}
    {%- set content = message.content %}
    {%- set thought = '' %}
    {%- if '</think>' in content %}
        {%- set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\n') %}
    {%- endif %}
    {{- '<|' + message.role.capitalize() + '|>' }}
    {%- if loop.index0 > ns.last and thought %}
        {{- '<think>\n' + thought.strip('\n') + '\n</think>\n\n' }}
    {%- endif %}
    {{- content + eos_token if message.role == 'assistant' else content }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|Assistant|>' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %})jinja";
  CHECK(rendered(text, said(one)) == "<s><|User|>Hello<|Assistant|>");
  CHECK(rendered(text, said(several))
        == "<s> Be brief. <|User|>Hi<|Assistant|>Hello! </s><|User|>  "
           "Bye\n<|Assistant|>");
  CHECK(rendered(text, said(several, false))
        == "<s> Be brief. <|User|>Hi<|Assistant|>Hello! </s><|User|>  Bye\n");
  CHECK(rendered(text, said(odd))
        == "<s><|User|> 　é 日本 😀\t<|Assistant|></s><|User|><|Assistant|>");
  CHECK(rendered(text, said(wrong))
        == "<s><|Assistant|>x</s><|User|>it's {{ x }}<|Assistant|>");
}

TEST_CASE("a date and tools") {
  constexpr auto text = R"jinja({%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- macro kind_of(spec) -%}
    {%- if spec.type == "array" -%}
        list[{{ kind_of(spec["items"]) }}]
    {%- else -%}
        {{ {"string": "str", "integer": "int"}[spec.type] | default("any") }}
    {%- endif -%}
{%- endmacro %}
{{- "<|header|>system<|end|>\n\nToday Date: " + date_string + "\n\n" }}
{%- if tools %}
    {{- "# Tools\n<tools>" }}
    {%- for tool in tools %}
        {%- set tool = tool.function if tool.function is defined else tool %}
        {{- "\n" ~ tool | tojson ~ "\n" ~ tool.name + "(" }}
        {%- for name, spec in tool.parameters.properties.items() %}
            {{- name + ": " + kind_of(spec) }}
            {%- if name not in tool.parameters.required %} = None{% endif %}
            {%- if not loop.last %}, {% endif %}
        {%- endfor %}
        {{- ")" }}
    {%- endfor %}
    {{- "\n</tools>" }}
{%- endif %}
{%- for message in messages %}
    {{- '<|header|>' + message['role'] + '<|end|>\n\n'+ message['content'] | trim + '<|eot|>' }}
{%- endfor %})jinja";
  auto with = said(one);
  with.variables = nlohmann::ordered_json::parse(
      R"jinja({"tools": [{"type": "function", "function": {"name": "weather", "description": "The \"weather\"", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}, "other": {"type": "x"}}, "required": ["city"]}}}], "date_string": "1 May 2025"})jinja");
  CHECK(rendered(text, with)
        == "<|header|>system<|end|>\n\nToday Date: 1 May 2025\n\n# "
           "Tools\n<tools>\n{\"name\": \"weather\", \"description\": \"The "
           "\\\"weather\\\"\", \"parameters\": {\"type\": \"object\", "
           "\"properties\": {\"city\": {\"type\": \"string\"}, \"days\": "
           "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}, "
           "\"other\": {\"type\": \"x\"}}, \"required\": "
           "[\"city\"]}}\nweather(city: str, days: list[int] = None, other: "
           "any = None)\n</tools><|header|>user<|end|>\n\nHello<|eot|>");
  with.variables = nlohmann::ordered_json::object();
  with.now = std::tm{};
  with.now->tm_year = 125;
  with.now->tm_mon = 6;
  with.now->tm_mday = 4;
  CHECK(rendered(text, with)
        == "<|header|>system<|end|>\n\nToday Date: 04 Jul "
           "2025\n\n<|header|>user<|end|>\n\nHello<|eot|>");
}
