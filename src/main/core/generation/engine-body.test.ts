import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SamplingParams } from '../../../shared/contract'
import { toEngineBody } from './engine-body'
import { unknownProfile, type ModelProfile } from './profile'
import type { GenerationMessage, GenerationRequest } from './types'

function bodyOf(
  messages: GenerationMessage[],
  params: SamplingParams,
  maxTokens: number,
  more: Partial<GenerationRequest> = {},
  profile: Partial<ModelProfile> = {},
): Record<string, unknown> {
  return toEngineBody({ model: 'm', face: 'server', messages, params, ...more }, { ...unknownProfile, ...profile }, maxTokens)
}

describe('toEngineBody', () => {
  it('sends only what is known to be safe: no model, stop, null or unknown key', () => {
    const params = { max_tokens: 5, temperature: 0, top_k: 3, stop: ['x'], model: 'evil/repo', adapters: '/x' }
    const body = bodyOf([{ role: 'assistant', content: null }], params, 5)
    expect(body).toEqual({ messages: [{ role: 'assistant', content: '' }], max_tokens: 5, temperature: 0, top_k: 3 })
  })

  it('tells the template whether to think only when somebody chose, and what a request says itself goes before', () => {
    expect(bodyOf([], {}, 1)).not.toHaveProperty('chat_template_kwargs')
    expect(bodyOf([], { enable_thinking: false }, 1)).toMatchObject({ chat_template_kwargs: { enable_thinking: false } })
    const own = { templateArguments: { enable_thinking: true } }
    expect(bodyOf([], { enable_thinking: false }, 1, own)).toMatchObject({ chat_template_kwargs: { enable_thinking: true } })
  })

  it('never sends a number that is not finite', () => {
    expect(bodyOf([], { temperature: Infinity, top_p: NaN }, 1)).toEqual({ messages: [], max_tokens: 1 })
  })

  it('keeps equal seeds equal and all of them in the range that mlx takes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const sent = bodyOf([], { seed }, 1)['seed']
        expect(sent).toBe(bodyOf([], { seed }, 1)['seed'])
        expect(Number.isInteger(sent) && Number(sent) >= 0 && Number(sent) < 2 ** 32).toBe(true)
      }),
    )
    expect(bodyOf([], { seed: 42 }, 1)['seed']).toBe(42)
  })

  it('passes reasoning and tool calls of the history on', () => {
    const message = { role: 'assistant', content: 'b', reasoning_content: 'why', tool_calls: [{}] } as const
    expect(bodyOf([{ ...message, tool_calls: [{}] }], {}, 1)['messages']).toEqual([message])
  })
})
