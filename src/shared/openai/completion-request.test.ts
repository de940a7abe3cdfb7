import { describe, expect, it } from 'vitest'
import { AppError } from '../errors'
import { parseCompletionRequest } from './completion-request'

const minimal = { model: 'm', prompt: 'Once' }

function problemOf(body: unknown): { code: string; param: unknown } {
  try {
    parseCompletionRequest(body)
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.data?.['param'] ?? null }
    throw error
  }
  throw new Error('was accepted')
}

describe('parseCompletionRequest', () => {
  it('takes a text, or a list of one', () => {
    expect(parseCompletionRequest(minimal)).toMatchObject({ prompt: 'Once', n: 1, stream: false, echo: false })
    expect(parseCompletionRequest({ ...minimal, prompt: ['Once'], suffix: null, best_of: 1 })).toMatchObject({ prompt: 'Once' })
  })

  it.each([
    ['invalid_request', 'prompt', { model: 'm' }],
    ['invalid_request', 'prompt', { ...minimal, prompt: '' }],
    ['invalid_request', 'prompt', { ...minimal, prompt: [] }],
    ['invalid_request', 'prompt[0]', { ...minimal, prompt: [''] }],
    ['invalid_request', 'prompt', { ...minimal, prompt: ['a', 'b'] }],
    ['unsupported_parameter', 'prompt', { ...minimal, prompt: [1, 2] }],
    ['unsupported_parameter', 'prompt', { ...minimal, prompt: [[1], [2]] }],
    ['unsupported_parameter', 'best_of', { ...minimal, best_of: 3 }],
    ['unsupported_parameter', 'suffix', { ...minimal, suffix: 'end' }],
    ['unsupported_parameter', 'logprobs', { ...minimal, echo: true, logprobs: 1 }],
    ['unsupported_parameter', 'messages', { ...minimal, messages: [] }],
    ['invalid_request', 'logprobs', { ...minimal, logprobs: true }],
    ['invalid_request', 'logprobs', { ...minimal, logprobs: 6 }],
    ['invalid_request', 'max_tokens', { ...minimal, max_tokens: 0 }],
    ['invalid_request', null, []],
  ])('refuses with %s, naming %s: %j', (code, param, body) => {
    expect(problemOf(body)).toEqual({ code, param })
  })
})
