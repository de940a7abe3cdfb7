import { describe, expect, it, vi } from 'vitest'
import type { ModelDetail, PrunePlan, Removal, RemovalPlan } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { en } from '../../lib/messages/en'
import { fakeClient } from '../../testing/fake-client'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import { createRemovalActions } from './actions'
import { explain } from './plan'
import { createRemovalStore, type RemovalRequest } from './store'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)

function aPlan(name: string, more: Partial<RemovalPlan> = {}): RemovalPlan {
  return {
    id: `plan ${name}`,
    name,
    root: '/hub',
    folder: `/hub/${name}`,
    target: 'model',
    revision: null,
    revisions: [A, B],
    files: [],
    links: [],
    blobs: [],
    partials: [],
    refs: [],
    trees: [],
    no_exist: [],
    other: [],
    payloads: [],
    bytes_freed: 100,
    disk_bytes_freed: 100,
    kept: [],
    locks: [],
    obstacle: null,
    ...more,
  }
}

const aRemoval = (name: string, freed: number): Removal => ({
  name,
  action: 'deleted',
  target: 'model',
  revision: null,
  message: '',
  bytes_freed: freed,
  disk_bytes_freed: freed,
  kept: [],
  lock_files_cleaned: 0,
  plan: null,
  finished: [],
})

const item = (path: string): PrunePlan['items'][number] => ({
  category: 'orphan_blob',
  name: 'org/a',
  root: '/hub',
  path,
  bytes_freed: 5,
  disk_bytes_freed: 5,
  reason: 'r',
})
const prunePlan = (id: string, ...paths: string[]): PrunePlan => ({
  id,
  items: paths.map(item),
  summary: [],
  bytes_freed: 5 * paths.length,
  disk_bytes_freed: 0,
  left_out: [],
})

const target = (name: string) => ({ name, root: '/hub', revision: null })
const request = (names: string[], more: Partial<RemovalRequest> = {}): RemovalRequest => ({
  targets: names.map(target),
  prune: null,
  ...more,
})

function setUp(methods: Parameters<typeof fakeClient>[0], streams: Parameters<typeof fakeClient>[1] = {}, loaded: string[] = []) {
  const { client, asked } = fakeClient(
    { 'storage.remove_plan': (input) => aPlan((input as { model: string }).model), ...methods },
    streams,
  )
  const store = createRemovalStore()
  const tell = vi.fn<(text: string) => void>()
  const actions = createRemovalActions({
    client,
    store,
    loaded: () => loaded.map((name) => aLoadedModel(name)),
    t: () => en.removal,
    tell,
    formatBytes: (bytes) => `${bytes} B`,
  })
  return { store, tell, actions, asked }
}

describe('removing', () => {
  it('shows the plan first, does exactly that plan, and says what was really freed', async () => {
    const { store, tell, actions, asked } = setUp({ 'storage.remove': () => aRemoval('org/a', 90) })
    await actions.ask(request(['org/a']))
    expect(store.getState()).toMatchObject({ step: 'planned', planned: [{ plan: { id: 'plan org/a' } }] })
    expect(asked.map(([name]) => name)).not.toContain('storage.remove')
    await actions.act()
    expect(asked).toContainEqual(['storage.remove', { model: 'org/a', plan: 'plan org/a' }])
    expect(store.getState().step).toBe('closed')
    expect(tell).toHaveBeenCalledExactlyOnceWith('Removed a, 90 B freed')
  })

  it('leaves the sheet open with the reason when it is refused, and forces only what was asked to be forced', async () => {
    let refuse = true
    const { store, actions, asked } = setUp({
      'storage.remove': () => {
        if (refuse) throw new AppError('locks_present', 'Lock files are there.')
        return aRemoval('org/a', 1)
      },
    })
    await actions.ask(request(['org/a']))
    await actions.act()
    expect(store.getState()).toMatchObject({ step: 'planned', error: { code: 'locks_present' } })
    refuse = false
    await actions.act({ force: true })
    expect(asked.at(-1)).toEqual(['storage.remove', { model: 'org/a', plan: 'plan org/a', force: true }])
  })

  it('unloads a loaded model first', async () => {
    const { actions, asked } = setUp({ 'storage.remove': () => aRemoval('org/a', 1), 'models.unload': () => ({}) }, {}, ['org/a'])
    await actions.ask(request(['org/a']))
    await actions.act()
    expect(asked.slice(-2).map(([name]) => name)).toEqual(['models.unload', 'storage.remove'])
  })

  it('goes on with the others when one of several fails, and says what is still there', async () => {
    const { store, tell, actions } = setUp({
      'storage.remove': (input) => {
        const { model } = input as { model: string }
        if (model === 'org/a') throw new AppError('busy', 'It is being changed.')
        return aRemoval(model, 7)
      },
    })
    await actions.ask(request(['org/a', 'org/b']))
    await actions.act()
    expect(store.getState()).toMatchObject({ step: 'ended', freed: 7, left: [{ name: 'org/a', reason: 'It is being changed.' }] })
    expect(tell).not.toHaveBeenCalled()
  })

  it('never removes a model of the same name in another folder than the one pointed at', async () => {
    const { store, actions } = setUp({ 'storage.remove_plan': () => aPlan('org/a', { root: '/elsewhere' }) })
    await actions.ask(request(['org/a']))
    expect(store.getState()).toMatchObject({ planned: [{ plan: null, error: { code: 'not_removable' } }] })
  })

  it('cleans up only what was shown, even after models went: a plan with more is refused', async () => {
    const plans = [prunePlan('shown', 'x'), prunePlan('grown', 'x', 'y')]
    const { store, actions, asked } = setUp({
      'storage.remove': () => aRemoval('org/b', 1),
      'storage.prune_plan': () => plans.shift()!,
    })
    await actions.ask(request(['org/b'], { prune: ['orphan_blob'] }))
    await actions.act()
    expect(asked.map(([name]) => name)).not.toContain('storage.clean')
    expect(store.getState()).toMatchObject({ step: 'ended', freed: 1, left: [{ reason: en.removal.changed }] })
  })

  it('tells how far a clean-up is, and what it left', async () => {
    const shown = prunePlan('shown', 'x', 'y')
    const steps: unknown[] = []
    const { store, actions } = setUp(
      { 'storage.prune_plan': () => shown },
      {
        'storage.clean': async function* () {
          yield { type: 'progress', items_done: 1, items_total: 2, bytes_freed: 5, name: 'org/a' }
          yield {
            type: 'result',
            plan: shown,
            done: [item('x')],
            skipped: [{ item: item('y'), reason: 'It may not be changed.' }],
            bytes_freed: 5,
            disk_bytes_freed: 0,
          }
        },
      },
    )
    store.subscribe((state) => state.step === 'acting' && steps.push(state.freed))
    await actions.ask(request([], { prune: ['orphan_blob'] }))
    await actions.act()
    expect(steps).toContain(5)
    expect(store.getState()).toMatchObject({ step: 'ended', freed: 5, left: [{ name: 'org/a', reason: 'It may not be changed.' }] })
  })
})

describe('the sums of a plan', () => {
  const revision = (hash: string, chosen: boolean, size: number): ModelDetail['revisions'][number] => ({
    hash,
    refs: chosen ? ['main'] : [],
    chosen,
    files: 3,
    size_bytes: size,
    shared_bytes: 0,
  })
  const detail: ModelDetail = {
    model: aModel('org/a'),
    snapshot_path: null,
    files: [],
    config: null,
    metadata: null,
    revisions: [revision(A, false, 84), revision(B, true, 81)],
  }

  it('add up: rows, less what is counted twice, less what stays, is what is freed', () => {
    const kept: RemovalPlan['kept'] = [{ path: 'blobs/x', size_bytes: 10, reason: 'shared', used_by: ['org/b'] }]
    const sums = explain(aPlan('org/a', { bytes_freed: 123, kept, partials: [{ path: 'blobs/p', size_bytes: 4 }] }), detail)
    expect(sums.rows.map(({ kind, bytes }) => [kind, bytes])).toEqual([
      ['current', 81],
      ['old', 84],
      ['partials', 4],
    ])
    expect(sums.together - sums.once - sums.stays).toBe(sums.freed)
    expect(sums).toMatchObject({ together: 169, once: 36, stays: 10, freed: 123 })
  })

  it('name what belongs to no revision as a row of its own', () => {
    const sums = explain(aPlan('org/a', { bytes_freed: 200 }), detail)
    expect(sums.rows.at(-1)).toMatchObject({ kind: 'others', bytes: 35 })
    expect(sums.together).toBe(200)
  })

  it('are one row without a detail', () => {
    expect(explain(aPlan('org/a'), null).rows).toMatchObject([{ kind: 'others', bytes: 100 }])
  })
})
