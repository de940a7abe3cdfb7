import { describe, expect, it } from 'vitest'
import type { ModelDetail, ModelList, ModelSummary } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { fakeClient } from '../../testing/fake-client'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import { createModelActions } from './actions'
import { modelKey } from './model'
import { createModelsStore } from './store'

const listOf = (...models: ModelSummary[]): ModelList => ({ models, count: models.length, roots: [] })
const detailOf = (model: ModelSummary): ModelDetail => ({
  model,
  snapshot_path: null,
  files: [],
  config: null,
  metadata: null,
  revisions: [],
})

const one = aModel('org/one')
const two = aModel('org/two')

describe('models of the window', () => {
  it('an older list that arrives late does not replace a newer one', async () => {
    const waiting: ((list: ModelList) => void)[] = []
    const { client } = fakeClient({ 'models.list': () => new Promise<ModelList>((resolve) => waiting.push(resolve)) })
    const store = createModelsStore()
    const actions = createModelActions(client, store)
    const first = actions.refresh()
    const second = actions.refresh()
    await Promise.resolve()
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve))
    waiting[1]!(listOf(one, two))
    await second
    waiting[0]!(listOf(one))
    await first
    expect(store.getState().list?.count).toBe(2)
  })

  it('keeps the last list and says why when it cannot be renewed', async () => {
    const answers = [() => listOf(one), () => Promise.reject(new AppError('cache_unreadable', 'No permission.'))]
    const { client } = fakeClient({ 'models.list': () => answers.shift()!() })
    const store = createModelsStore()
    const actions = createModelActions(client, store)
    await actions.refresh()
    await actions.refresh()
    expect(store.getState()).toMatchObject({ list: { count: 1 }, listError: { code: 'cache_unreadable' } })
  })

  it('forgets a selection whose model has gone', async () => {
    const lists = [listOf(one, two), listOf(two)]
    const { client } = fakeClient({ 'models.list': () => lists.shift()!, 'models.show': () => detailOf(one) })
    const store = createModelsStore()
    const actions = createModelActions(client, store)
    await actions.refresh()
    await actions.select(modelKey(one))
    expect(store.getState().detail?.data?.model.name).toBe('org/one')
    await actions.refresh()
    expect(store.getState()).toMatchObject({ selected: null, detail: null })
  })

  it('a failed load is kept with its model until the next try', async () => {
    let works = false
    const { client } = fakeClient(
      {},
      {
        'models.load': async function* () {
          if (!works) throw new AppError('engine_load_failed', 'It did not load.')
          yield aLoadedModel('org/one')
        },
      },
    )
    const store = createModelsStore()
    const actions = createModelActions(client, store)
    await actions.load('org/one')
    expect(store.getState().loadErrors['org/one']?.code).toBe('engine_load_failed')
    works = true
    await actions.load('org/one')
    expect(store.getState().loadErrors).toEqual({})
  })
})
