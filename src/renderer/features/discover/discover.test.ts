import { describe, expect, it, vi } from 'vitest'
import type { PullPreview } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { fakeClient } from '../../testing/fake-client'
import { aDownload, aHubModel, aPreview } from '../../testing/downloads'
import { filesOf, groupFiles, requestFor } from './selection'
import { createDiscoverActions, createDiscoverStore } from './store'

const plan: PullPreview = aPreview('org/m', {
  files: ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'config.json'].map((path) => ({
    path,
    size_bytes: 100,
    state: 'missing',
    have_bytes: 0,
    damaged: false,
  })),
  skipped: [{ path: 'assets/[1].gif', size_bytes: 7 }],
})
const files = filesOf(plan)
const all = files.map(({ path }) => path)

describe('the files that are chosen', () => {
  it('are the shards of a set together, the largest first', () => {
    expect(groupFiles(files).map(({ label, files: members }) => [label, members.length])).toEqual([
      ['model-*.safetensors', 2],
      ['config.json', 1],
      ['assets/[1].gif', 1],
    ])
  })

  it('become a request for exactly these, by as few patterns as it takes', () => {
    const usual = all.slice(0, 3)
    expect(requestFor(files, new Set(usual))).toEqual({ include: [], exclude: [], all: false })
    expect(requestFor(files, new Set(usual.slice(0, 2)))).toEqual({ include: [], exclude: ['config.json'], all: false })
    expect(requestFor(files, new Set(all))).toEqual({ include: [], exclude: [], all: true })
    expect(requestFor(files, new Set(['assets/[1].gif']))).toEqual({ include: [], exclude: usual, all: true })
    expect(requestFor(files, new Set())).toBeNull()
  })

  it('are no request where it would take more patterns than can be asked for', () => {
    const many = Array.from({ length: 302 }, (_, index) => ({ path: `${index}`, size_bytes: 1, fetch_bytes: 1, usual: false }))
    const half = many.slice(0, 150).map(({ path }) => path)
    expect(requestFor(many, new Set(half))).toBeNull()
    expect(requestFor(many, new Set(half.slice(0, 3)))).toEqual({ include: ['0', '1', '2'], exclude: [], all: false })
  })
})

function setUp(methods: Parameters<typeof fakeClient>[0] = {}) {
  const store = createDiscoverStore()
  const { client, asked } = fakeClient({
    'hub.search': () => ({ models: [aHubModel('org/m'), aHubModel('org/n')], next_skip: 20 }),
    'downloads.plan': () => plan,
    'hub.card': () => ({ text: '# M', truncated: false }),
    ...methods,
  })
  const add = vi.fn<Parameters<typeof createDiscoverActions>[0]['add']>(() => Promise.resolve(aDownload('org/m')))
  let waiting: (() => void) | null = null
  const actions = createDiscoverActions({
    client,
    store,
    add,
    later: (_ms, act) => {
      waiting = act
      return () => (waiting = null)
    },
  })
  return {
    store,
    asked,
    add,
    actions,
    rest: () => waiting?.(),
    found: () => vi.waitFor(() => expect(store.getState().busy).toBe(false)),
  }
}

describe('searching the Hub', () => {
  it('asks once what was typed, when the typing rests', async () => {
    const { store, asked, actions, rest, found } = setUp()
    actions.change({ query: 'g' })
    actions.change({ query: 'ge' })
    expect(asked).toEqual([])
    rest()
    await found()
    expect(asked.map(([name, input]) => [name, (input as { query: string }).query])).toEqual([['hub.search', 'ge']])
    expect(store.getState().models?.map(({ name }) => name)).toEqual(['org/m', 'org/n'])
  })

  it('adds pages, and no model twice', async () => {
    let page = 0
    const { store, asked, actions, found } = setUp({
      'hub.search': () => ({
        models: [aHubModel('org/m'), aHubModel(`org/${page++}`)],
        next_skip: page === 1 ? 20 : null,
      }),
    })
    actions.open()
    await found()
    await actions.more()
    await actions.more()
    expect(store.getState().models?.map(({ name }) => name)).toEqual(['org/m', 'org/0', 'org/1'])
    expect(asked).toHaveLength(2)
    expect(asked[1]?.[1]).toMatchObject({ skip: 20 })
  })

  it('keeps what it found when a later question fails, and says why', async () => {
    let isFirst = true
    const { store, actions, found } = setUp({
      'hub.search': () => {
        if (!isFirst) throw new AppError('hub_rate_limited', 'Too often.')
        isFirst = false
        return { models: [aHubModel('org/m')], next_skip: 20 }
      },
    })
    actions.open()
    await found()
    await actions.more()
    expect(store.getState()).toMatchObject({ error: { code: 'hub_rate_limited' }, models: [{ name: 'org/m' }] })
  })

  it('shows what a model takes and its card, and fetches the files that were chosen', async () => {
    const { store, add, actions, found } = setUp()
    actions.open()
    await found()
    actions.select('org/m')
    await vi.waitFor(() => expect(store.getState().looked).toMatchObject({ plan: { total_bytes: 300 }, card: { text: '# M' } }))
    await actions.download('org/m')
    expect(add).toHaveBeenLastCalledWith({ model: 'org/m' })
    actions.choose(['config.json'], false)
    await actions.download('org/m')
    expect(add).toHaveBeenLastCalledWith({ model: 'org/m', include: [], exclude: ['config.json'], all: false })
    await actions.download('org/n')
    expect(add).toHaveBeenLastCalledWith({ model: 'org/n' })
  })

  it('tells of a gated model why nothing can be planned', async () => {
    const { store, actions, found } = setUp({
      'downloads.plan': () => {
        throw new AppError('access_denied', 'Terms first.', { data: { page: 'https://hub/org/m' } })
      },
    })
    actions.open()
    await found()
    actions.select('org/m')
    await vi.waitFor(() => expect(store.getState().looked?.planError?.code).toBe('access_denied'))
  })
})
