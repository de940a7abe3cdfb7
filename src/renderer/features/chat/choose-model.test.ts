import { describe, expect, it } from 'vitest'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import { chooseChatModel, type ModelChoice } from './choose-model'

const demoRoot = { path: '/data/demo/hub', kind: 'demo' } as const
const demo = ['mlx-knife-demo/hello-fp32', 'mlx-knife-demo/counting-fp32', 'mlx-knife-demo/thinking-fp32']
/** As the list has them: by name, so that the one that never ends comes first. */
const demoModels = demo.toSorted().map((name) => aModel(name, { root: demoRoot }))
const old = aModel('org/old', { last_modified: '2025-01-01T00:00:00Z' })
const fresh = aModel('org/fresh', { last_modified: '2026-01-01T00:00:00Z' })
const base = aModel('org/base', { last_modified: '2026-10-01T00:00:00Z', capabilities: ['text-generation'] })
const sick = aModel('org/sick', { health: 'unhealthy', runtime_compatible: false })

const choose = (choice: Partial<ModelChoice>) =>
  chooseChatModel({ models: [], loaded: [], current: null, lastUsed: null, demo, ...choice })

describe('the model that Chat begins with', () => {
  it('is the demo model that ends its answer, not the one that counts for ever', () => {
    expect(choose({ models: demoModels })).toBe('mlx-knife-demo/hello-fp32')
  })

  it('is a loaded one, of several the one used last', () => {
    const loaded = [
      aLoadedModel('org/old', { last_used_at: '2026-11-01T10:00:00Z' }),
      aLoadedModel('org/fresh', { last_used_at: '2026-11-01T09:00:00Z', loaded_at: '2026-11-01T11:00:00Z' }),
    ]
    expect(choose({ models: [...demoModels, fresh, old], loaded, lastUsed: 'mlx-knife-demo/hello-fp32' })).toBe('org/old')
    expect(choose({ models: [fresh, old], loaded, lastUsed: 'org/fresh' })).toBe('org/fresh')
  })

  it('is not one whose engine crashed', () => {
    const loaded = [aLoadedModel('org/old', { state: 'crashed' })]
    expect(choose({ models: [old, fresh], loaded, lastUsed: 'org/fresh' })).toBe('org/fresh')
  })

  it('is the last used when nothing is loaded, as long as it is there and can answer', () => {
    expect(choose({ models: [...demoModels, fresh, old], lastUsed: 'org/old' })).toBe('org/old')
    expect(choose({ models: [sick, fresh], lastUsed: 'org/sick' })).toBe('org/fresh')
    expect(choose({ models: [fresh], lastUsed: 'org/gone' })).toBe('org/fresh')
  })

  it('is otherwise a model of the person’s own, made for conversations, the newest', () => {
    expect(choose({ models: [...demoModels, base, old, fresh] })).toBe('org/fresh')
    expect(choose({ models: [...demoModels, base] })).toBe('org/base')
  })

  it('stays what it is while that can answer', () => {
    const loaded = [aLoadedModel('org/fresh')]
    expect(choose({ models: [fresh, old], loaded, current: 'org/old' })).toBe('org/old')
    expect(choose({ models: [fresh], current: 'org/old' })).toBe('org/fresh')
    expect(choose({ models: [sick] })).toBeNull()
  })
})
