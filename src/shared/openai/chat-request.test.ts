import { describe, expect, it } from 'vitest'
import { AppError } from '../errors'
import { parseChatRequest } from './chat-request'

/** What a request is that leaves these open. */
const open = { stream: false, n: 1, logprobs: false }
const minimal = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

const tool = (name: string): object => ({ type: 'function', function: { name } })

function problemOf(body: unknown): { code: string; param: unknown; message: string } {
  try {
    parseChatRequest(body)
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.data?.['param'] ?? null, message: error.message }
    throw error
  }
  throw new Error('was accepted')
}

describe('parseChatRequest', () => {
  it('accepts the smallest request', () => {
    expect(parseChatRequest(minimal)).toEqual({ ...minimal, ...open })
  })

  it('treats null like absence for every parameter, since clients send both', () => {
    const names = [
      'max_tokens',
      'temperature',
      'top_p',
      'stop',
      'seed',
      'stream',
      'stream_options',
      'tools',
      'n',
      'user',
      'future_one',
    ]
    const parsed = parseChatRequest({ ...minimal, ...Object.fromEntries(names.map((name) => [name, null])) })
    expect(parsed).toEqual({ ...minimal, ...open })
  })

  it.each([
    ['user', 'somebody'],
    ['metadata', { a: 'b' }],
    ['store', true],
    ['functions', []],
    ['modalities', ['text']],
  ])('passes over the harmless %s', (name, value) => {
    expect(parseChatRequest({ ...minimal, [name]: value })).not.toHaveProperty(name)
  })

  it.each([
    ['functions', [{ name: 'f' }]],
    ['modalities', ['text', 'audio']],
    ['web_search_options', {}],
    ['verbosity', 'high'],
    ['suffix', 'x'],
    ['xtc_probability', 0.5],
    ['adapters', '/etc/passwd'],
    ['draft_model', 'x/y'],
    ['constructor', 1],
  ])('refuses %s = %j by name instead of ignoring it', (name, value) => {
    expect(problemOf({ ...minimal, [name]: value })).toMatchObject({ code: 'unsupported_parameter', param: name })
  })

  it.each([
    ['model', { messages: minimal.messages }, 'model is required.'],
    ['model', { ...minimal, model: 5 }, null],
    ['messages', { model: 'm' }, 'messages is required.'],
    ['messages', { ...minimal, messages: [] }, null],
    ['messages', { ...minimal, messages: 'Hi' }, null],
    ['messages[0]', { ...minimal, messages: ['Hi'] }, null],
    ['messages[0].role', { ...minimal, messages: [{ content: 'Hi' }] }, 'messages[0].role is required.'],
    ['messages[0].role', { ...minimal, messages: [{ role: 'robot', content: 'Hi' }] }, null],
    ['messages[0].content', { ...minimal, messages: [{ role: 'user' }] }, 'messages[0].content is required.'],
    ['messages[0].content', { ...minimal, messages: [{ role: 'user', content: 5 }] }, null],
    ['messages[0].content', { ...minimal, messages: [{ role: 'user', content: null }] }, null],
    [
      'messages[1].content[0].text',
      { ...minimal, messages: [...minimal.messages, { role: 'user', content: [{ type: 'text' }] }] },
      null,
    ],
    ['temperature', { ...minimal, temperature: 3 }, null],
    ['temperature', { ...minimal, temperature: '1' }, null],
    ['temperature', { ...minimal, temperature: Infinity }, null],
    ['top_p', { ...minimal, top_p: 0 }, null],
    ['max_tokens', { ...minimal, max_tokens: 0 }, null],
    ['max_tokens', { ...minimal, max_tokens: -1 }, null],
    ['max_tokens', { ...minimal, max_tokens: 1.5 }, null],
    ['max_completion_tokens', { ...minimal, max_completion_tokens: 'x' }, null],
    ['stop', { ...minimal, stop: '' }, null],
    ['stop', { ...minimal, stop: 5 }, null],
    ['stop[1]', { ...minimal, stop: ['a', ''] }, null],
    ['stream', { ...minimal, stream: 'yes' }, null],
    ['stream_options.include_usage', { ...minimal, stream_options: { include_usage: 1 } }, null],
    ['seed', { ...minimal, seed: 0.5 }, null],
    ['keep_alive', { ...minimal, keep_alive: 'long' }, null],
    ['n', { ...minimal, n: 9 }, null],
    ['n', { ...minimal, n: 0 }, null],
    ['stop', { ...minimal, stop: '\ude00' }, null],
    ['top_logprobs', { ...minimal, top_logprobs: 3 }, 'top_logprobs needs logprobs to be true.'],
    ['top_logprobs', { ...minimal, logprobs: true, top_logprobs: 12 }, null],
    ['logit_bias.the', { ...minimal, logit_bias: { the: 1 } }, null],
    ['logit_bias.5', { ...minimal, logit_bias: { 5: 101 } }, null],
    ['tools[0].function.name', { ...minimal, tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name is required.'],
    ['tools[0].type', { ...minimal, tools: [{ type: 'code' }] }, null],
    ['tools', { ...minimal, tools: [tool('f'), tool('f')] }, null],
    ['tool_choice', { ...minimal, tool_choice: 'required' }, 'tool_choice needs tools.'],
    ['tool_choice', { ...minimal, tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'g' } } }, null],
    ['tool_choice', { ...minimal, tools: [tool('f')], tool_choice: 'always' }, null],
    ['response_format.type', { ...minimal, response_format: { type: 'xml' } }, null],
    [
      'response_format.json_schema.schema',
      { ...minimal, response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
      'response_format.json_schema.schema is required.',
    ],
    ['reasoning_effort', { ...minimal, reasoning_effort: 'extreme' }, null],
    ['chat_template_kwargs', { ...minimal, chat_template_kwargs: { chat_template: '{{ 1 }}' } }, null],
    ['chat_template_kwargs', { ...minimal, chat_template_kwargs: 'no' }, null],
  ])('names the place %s of what is wrong', (param, body, sentence) => {
    const problem = problemOf(body)
    expect(problem).toMatchObject({ code: 'invalid_request', param })
    expect(problem.message.startsWith(param)).toBe(true)
    expect(problem.message).toBe(sentence ?? problem.message)
  })

  it.each([null, [], 'text', 5])('refuses the body %j', (body) => {
    expect(problemOf(body)).toMatchObject({ code: 'invalid_request', param: null })
  })

  it('gives functions without parameters an empty object of them, since templates read it unasked', () => {
    const { tools } = parseChatRequest({
      ...minimal,
      tools: [tool('f'), { type: 'function', function: { name: 'g', parameters: null } }],
    })
    expect(tools?.map((one) => one.function.parameters)).toEqual([
      { type: 'object', properties: {} },
      { type: 'object', properties: {} },
    ])
  })

  it('does not promise probabilities of a text that is given otherwise than the model wrote it', () => {
    const body = { ...minimal, logprobs: true, response_format: { type: 'json_object' } }
    expect(problemOf(body)).toMatchObject({ code: 'unsupported_parameter', param: 'logprobs' })
  })

  it('says that images are not supported, and where the image is', () => {
    const image = {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:' } },
      ],
    }
    expect(problemOf({ ...minimal, messages: [image] })).toMatchObject({
      code: 'unsupported_parameter',
      param: 'messages[0].content[1].type',
    })
  })

  it('accepts the history of a tool conversation, with null content', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: null, tool_calls: [call], refusal: null },
      { role: 'tool', tool_call_id: 'c1', content: null },
      { role: 'assistant', content: 'b', reasoning_content: 'why' },
    ]
    expect(parseChatRequest({ model: 'm', messages }).messages).toHaveLength(5)
    const broken = { ...call, function: { name: 'f', arguments: '{' } }
    expect(problemOf({ model: 'm', messages: [{ role: 'assistant', tool_calls: [broken] }] })).toMatchObject({
      param: 'messages[0].tool_calls[0].function.arguments',
    })
  })
})
