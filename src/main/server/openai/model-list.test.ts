import { describe, expect, it, vi } from 'vitest'
import type { ModelList } from '../../../shared/contract'
import { createModelList } from './model-list'

const listOf = (...names: string[]): ModelList =>
  ({ models: names.map((name) => ({ name })), count: names.length, roots: [] }) as unknown as ModelList

describe('the remembered list of models', () => {
  it('looks at the disk once per revision, also for calls at the same time', async () => {
    let now = 1
    const list = vi.fn(() => Promise.resolve(listOf(`m${now}`)))
    const read = createModelList({ catalog: { list }, revision: () => now })
    await Promise.all([read(), read()])
    expect(await read()).toEqual([{ name: 'm1' }])
    expect(list).toHaveBeenCalledTimes(1)
    now = 2
    expect(await read()).toEqual([{ name: 'm2' }])
    expect(list).toHaveBeenCalledTimes(2)
  })

  it('does not take what was read before a change for what was read after it', async () => {
    let now = 1
    const answers: ((list: ModelList) => void)[] = []
    const read = createModelList({ catalog: { list: () => new Promise((resolve) => answers.push(resolve)) }, revision: () => now })
    const before = read()
    now = 2
    const after = read()
    answers[1]?.(listOf('new'))
    expect(await after).toEqual([{ name: 'new' }])
    answers[0]?.(listOf('old'))
    expect(await before).toEqual([{ name: 'old' }])
    answers.length = 0
    const again = read()
    answers[0]?.(listOf('new'))
    expect(await again).toEqual([{ name: 'new' }])
  })

  it('tells a failure, and tries again at the next call', async () => {
    const list = vi.fn().mockRejectedValueOnce(new Error('gone')).mockResolvedValue(listOf('m'))
    const read = createModelList({ catalog: { list }, revision: () => 1 })
    await expect(read()).rejects.toThrow('gone')
    expect(await read()).toEqual([{ name: 'm' }])
  })

  it('always looks where nobody tells of changes', async () => {
    const list = vi.fn(() => Promise.resolve(listOf('m')))
    const read = createModelList({ catalog: { list } })
    await read()
    await read()
    expect(list).toHaveBeenCalledTimes(2)
  })
})
