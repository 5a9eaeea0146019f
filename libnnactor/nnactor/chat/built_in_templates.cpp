#include "nnactor/chat/built_in_templates.hpp"

namespace nnactor {

namespace {

// Of models that were trained on ChatML (OpenAI, 2023), as Qwen and SmolLM2.
constexpr auto chatml = R"({%- for message in messages %}
  {{- '<|im_start|>' + message.role + '\n' }}
  {{- message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\n' }}
{%- endif %})";

// As in Touvron et al., "Llama 2" (2023), and its reference implementation: a
// system message goes into the first message of the user.
constexpr auto llama2 = R"({%- set ns = namespace(system='', turn=0) %}
{%- for message in messages %}
  {%- if message.role == 'system' and loop.first %}
    {%- set ns.system = '<<SYS>>\n' + message.content + '\n<</SYS>>\n\n' %}
  {%- elif message.role != ('user' if ns.turn % 2 == 0 else 'assistant') %}
    {{- raise_exception('after a system message, user and assistant have to '
                        + 'take turns, and the user begins') }}
  {%- else %}
    {%- set ns.turn = ns.turn + 1 %}
    {%- if message.role == 'user' %}
      {{- bos_token + '[INST] ' + (ns.system + message.content).strip() }}
      {{- ' [/INST]' }}
      {%- set ns.system = '' %}
    {%- else %}
      {{- ' ' + message.content.strip() + ' ' + eos_token }}
    {%- endif %}
  {%- endif %}
{%- endfor %})";

// As in the model card of Llama 3 (Meta, 2024).
constexpr auto llama3 = R"({{- bos_token }}
{%- for message in messages %}
  {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}
  {{- message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %})";

} // namespace

std::optional<std::string> built_in_template(const std::string& name) {
  if (name == "chatml")
    return chatml;
  if (name == "llama2")
    return llama2;
  if (name == "llama3")
    return llama3;
  return std::nullopt;
}

} // namespace nnactor
