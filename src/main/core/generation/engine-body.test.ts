import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toEngineBody } from './engine-body'

describe('toEngineBody', () => {
  it('sends only what is known to be safe: no model, stop, null or unknown key', () => {
    const params = { max_tokens: 5, temperature: 0, top_k: 3, stop: ['x'], model: 'evil/repo', adapters: '/x' }
    const body = toEngineBody([{ role: 'assistant', content: null }], params, 5)
    expect(body).toEqual({ messages: [{ role: 'assistant', content: '' }], max_tokens: 5, temperature: 0, top_k: 3 })
  })

  it('never sends a number that is not finite', () => {
    expect(toEngineBody([], { temperature: Infinity, top_p: NaN }, 1)).toEqual({ messages: [], max_tokens: 1 })
  })

  it('keeps equal seeds equal and all of them in the range that mlx takes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const sent = toEngineBody([], { seed }, 1)['seed']
        expect(sent).toBe(toEngineBody([], { seed }, 1)['seed'])
        expect(Number.isInteger(sent) && Number(sent) >= 0 && Number(sent) < 2 ** 32).toBe(true)
      }),
    )
    expect(toEngineBody([], { seed: 42 }, 1)['seed']).toBe(42)
  })

  it('passes reasoning and tool calls of the history on', () => {
    const message = { role: 'assistant', content: 'b', reasoning_content: 'why', tool_calls: [{}] } as const
    expect(toEngineBody([{ ...message, tool_calls: [{}] }], {}, 1)['messages']).toEqual([message])
  })
})
