import { describe, expect, it } from 'vitest'
import { AppError } from '../errors'
import { parseChatRequest } from './chat-request'

const minimal = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

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
    expect(parseChatRequest(minimal)).toEqual({ ...minimal, stream: false })
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
    expect(parsed).toEqual({ ...minimal, stream: false })
  })

  it.each([
    ['user', 'somebody'],
    ['metadata', { a: 'b' }],
    ['store', true],
    ['n', 1],
    ['tools', []],
    ['tool_choice', 'auto'],
    ['response_format', { type: 'text' }],
    ['logprobs', false],
    ['logit_bias', {}],
    ['modalities', ['text']],
  ])('passes over the harmless %s', (name, value) => {
    expect(parseChatRequest({ ...minimal, [name]: value })).not.toHaveProperty(name)
  })

  it.each([
    ['n', 2],
    ['tools', [{ type: 'function', function: { name: 'f' } }]],
    ['tool_choice', 'required'],
    ['response_format', { type: 'json_object' }],
    ['response_format', { type: 'json_schema', json_schema: {} }],
    ['logprobs', true],
    ['top_logprobs', 3],
    ['logit_bias', { 5: -100 }],
    ['reasoning_effort', 'high'],
    ['chat_template_kwargs', { enable_thinking: false }],
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
  ])('names the place %s of what is wrong', (param, body, sentence) => {
    const problem = problemOf(body)
    expect(problem).toMatchObject({ code: 'invalid_request', param })
    expect(problem.message.startsWith(param)).toBe(true)
    expect(problem.message).toBe(sentence ?? problem.message)
  })

  it.each([null, [], 'text', 5])('refuses the body %j', (body) => {
    expect(problemOf(body)).toMatchObject({ code: 'invalid_request', param: null })
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
