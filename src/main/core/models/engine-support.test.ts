import { expect, test } from 'vitest'
import type { ModelSummary } from '../../../shared/contract'
import { withEngine } from './engine-support'

const summary = { architecture: 'llama', health: 'healthy', runtime_compatible: true, reason: null } as ModelSummary
const known = { state: 'known', version: '0.32.2', architectures: new Set(['llama']) } as const

test('an architecture that the engine knows changes nothing', () => {
  const verdict = { summary, problem: null }
  expect(withEngine(verdict, known)).toBe(verdict)
  expect(withEngine(verdict, { state: 'unknown' })).toBe(verdict)
})

test('one that it does not know cannot be run, with the version in the reason', () => {
  const verdict = { summary: { ...summary, architecture: 'x'.repeat(500) }, problem: null }
  const { summary: judged, problem } = withEngine(verdict, known)
  expect(judged).toMatchObject({
    runtime_compatible: false,
    reason: expect.stringMatching(/^mlx_lm 0\.32\.2 does not know .{1,90}$/),
  })
  expect(problem?.kind).toBe('incompatible')
})

test('one that only lacks a package cannot be run, with the name of the package', () => {
  const support = { ...known, lacking: new Map([['olmo', 'hf_olmo']]) }
  const { summary: judged, problem } = withEngine({ summary: { ...summary, architecture: 'olmo' }, problem: null }, support)
  const reason = 'mlx_lm 0.32.2 needs the Python package "hf_olmo" for the architecture "olmo", and it is not installed.'
  expect(judged).toMatchObject({ runtime_compatible: false, reason })
  expect(problem?.kind).toBe('incompatible')
})

test('without an engine a model that nothing speaks against is said to be not checked', () => {
  expect(withEngine({ summary, problem: null }, { state: 'missing' }).summary).toMatchObject({
    runtime_compatible: true,
    reason: 'Not checked: the engine is not installed.',
  })
})

test('what the files say comes first', () => {
  const own = {
    summary: { ...summary, runtime_compatible: false, reason: 'own' },
    problem: { kind: 'incompatible', reason: 'own' } as const,
  }
  const ill = { summary: { ...summary, architecture: 'x', health: 'unhealthy', reason: 'ill' } as ModelSummary, problem: null }
  for (const verdict of [own, ill])
    for (const support of [known, { state: 'missing' } as const]) expect(withEngine(verdict, support)).toBe(verdict)
})
