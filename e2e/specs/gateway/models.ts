import type { ScriptedModelSpec } from '../../../src/main/core/demo'

/** Real models that say what a rule needs. The pieces of each are its tokens. */

const chatMl = (more: string): string =>
  `{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + (m['content'] or '') + '<|im_end|>\\n' }}{% endfor %}` +
  `${more}{{ '<|im_start|>assistant\\n' }}`

/** Names the tools, as templates of models that call them do: mlx_lm tells by these words how a call is read. */
const toolTemplate = chatMl(
  '{% if tools %}<tool_call>{% for tool in tools %}{{ tool.function.name }}{{ tool.function.parameters.type }}{% endfor %}' +
    '{% for m in messages %}{% if m.tool_calls %}{% for tool_call in m.tool_calls %}{{ tool_call.name }}{% endfor %}{% endif %}{% endfor %}{% endif %}',
)

const call = (...pieces: string[]): string[] => ['<tool_call>', ...pieces, '</tool_call>']

export const caller = {
  name: 'test/caller',
  script: ['Let me', ' see. ', ...call('{"name": "weather",', ' "arguments": {"city":', ' "Köln', ' 🌧"}}')],
  template: toolTemplate,
} satisfies ScriptedModelSpec

export const badCaller = {
  name: 'test/bad-caller',
  script: call('{"name": "weather", oh'),
  template: toolTemplate,
} satisfies ScriptedModelSpec

/** Calls whether or not anybody offered a tool. */
export const jsonSpeaker = {
  name: 'test/json',
  script: ['Sure:\n', '```json\n', '{"city": ', '"Köln", ', '"age": ', '38}', '\n``', '`'],
} satisfies ScriptedModelSpec

export const emoji = {
  name: 'test/emoji',
  // Bytes, as byte-level tokenizers cut what they do not know: no token is a whole character.
  script: ['Hi ', Uint8Array.of(0xf0, 0x9f), Uint8Array.of(0x98, 0x80), ' and ', Uint8Array.of(0xc3), Uint8Array.of(0xa9), ' end'],
} satisfies ScriptedModelSpec

/** Writes tokens that end a turn and that its tokenizer does not count as ends, then goes on for ever. */
export const chatterbox = {
  name: 'test/chatterbox',
  script: ['All', ' said.', '<|endoftext|>'],
  loop: [' And', ' more.'],
} satisfies ScriptedModelSpec

export const badTemplate = {
  name: 'test/bad-template',
  script: 'never said',
  template: "{{ raise_exception('Only user and assistant roles are supported!') }}",
} satisfies ScriptedModelSpec

export const small = {
  name: 'test/small',
  script: 'A short answer from a small model.',
  contextLength: 64,
} satisfies ScriptedModelSpec

/** Its tokens are letters of prompts too, so that a prompt can be exactly what it said before. */
export const letters = { name: 'test/letters', script: ['a', 'b', 'c', 'd'] } satisfies ScriptedModelSpec
