import { describe, expect, it } from 'vitest'
import { resolveMaxTokens } from './limits'

describe('resolveMaxTokens', () => {
  it.each([
    ['the request', { requested: 7, configured: 100, contextLength: 4096, face: 'server' }, 7],
    ['the request, even above the context', { requested: 9000, configured: null, contextLength: 4096, face: 'server' }, 9000],
    ['the configured limit', { requested: undefined, configured: 100, contextLength: 4096, face: 'run' }, 100],
    ['half the context for the server', { requested: undefined, configured: null, contextLength: 4097, face: 'server' }, 2048],
    ['half the context for Chat', { requested: undefined, configured: null, contextLength: 8192, face: 'chat' }, 4096],
    ['the whole context for run', { requested: undefined, configured: null, contextLength: 4096, face: 'run' }, 4096],
    ['one token of a tiny context', { requested: undefined, configured: null, contextLength: 1, face: 'server' }, 1],
  ] as const)('takes %s', (_, limits, expected) => {
    expect(resolveMaxTokens(limits)).toBe(expected)
  })
})
