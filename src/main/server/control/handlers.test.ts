import { describe, expect, test, vi } from 'vitest'
import {
  contract,
  type AppContract,
  type AppInfo,
  type EngineStatus,
  type LoadedModel,
  type ModelDetail,
} from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { createClient, createDispatcher } from '../../../shared/rpc'
import type { ResolvedModel } from '../../core/models/types'
import { createEmitter } from '../../core/system'
import { createHandlers, type HandlerDeps } from '.'

const loaded = (state: LoadedModel['state']): LoadedModel => ({
  name: 'org/model',
  hash: null,
  state,
  progress: null,
  memory_bytes: null,
  need_bytes: null,
  concurrency: null,
  in_flight: 0,
  queued: 0,
  pinned: false,
  keep_alive_s: 900,
  expires_at: null,
  pid: 1,
  context_length: 4096,
  loaded_at: null,
  last_used_at: null,
  error: null,
})

const unused = (): never => {
  throw new Error('not part of this test')
}

const storage = { usage: unused, planRemove: unused, remove: unused, planPrune: unused, prune: unused }

function setUp(more: Partial<HandlerDeps> = {}) {
  const changes = createEmitter<undefined>()
  let list: LoadedModel[] = []
  let settle: { resolve: () => void; reject: (error: Error) => void } | null = null
  let loadSignal: AbortSignal | null = null
  const unload = vi.fn<(name: string) => Promise<void>>(() => Promise.resolve())
  const deps: HandlerDeps = {
    info: {} as AppInfo,
    privacy: { places: unused, forget: unused },
    drawLink: unused,
    watchState: unused,
    jobs: { start: unused, watch: unused, cancel: unused },
    api: { start: unused, stop: unused },
    demo: { enable: unused, remove: unused },
    environment: { status: () => Promise.resolve({} as EngineStatus) },
    generator: { generate: unused },
    requests: { watch: unused },
    log: { file: '/log', lines: { watch: unused } },
    chats: { calls: {} as HandlerDeps['chats']['calls'] },
    config: { list: unused, get: unused, set: unused, unset: unused },
    requestStop: unused,
    trust: { list: unused, inspect: unused, add: unused, remove: unused, isTrusted: unused, bringsCode: unused },
    keys: { list: unused, create: unused, revoke: unused, check: unused, problem: unused, forget: unused },
    verifier: { verify: unused },
    repairer: { plan: unused, repair: unused },
    storage,
    fits: { list: unused, estimate: unused },
    lastUsed: { all: unused },
    account: { show: unused, logIn: unused, remove: unused },
    discover: { search: unused, card: unused, fit: unused },
    downloads: {
      list: () => [],
      plan: unused,
      add: unused,
      watch: unused,
      pause: unused,
      resume: unused,
      cancel: unused,
      move: unused,
      clear: unused,
      subscribe: unused,
      close: unused,
    },
    modelsChanged: unused,
    catalog: {
      list: unused,
      health: unused,
      show: () => Promise.resolve({ model: { name: 'org/model' } } as ModelDetail),
      resolve: (spec) =>
        spec === 'model'
          ? Promise.resolve({ name: 'org/model' } as ResolvedModel)
          : Promise.reject(new AppError('model_not_found', 'No such model.')),
    },
    pool: {
      acquire: unused,
      load: (_model, { signal }) => {
        loadSignal = signal
        return new Promise<void>((resolve, reject) => (settle = { resolve, reject }))
      },
      pin: unused,
      memory: unused,
      list: () => list,
      unload,
      log: () => [],
      subscribe: (listener) => changes.subscribe(listener),
      close: () => Promise.resolve(),
    },
    ...more,
  }
  const become = (state: LoadedModel['state']): void => {
    list = [loaded(state)]
    changes.emit(undefined)
  }
  const client = createClient<AppContract>({ open: createDispatcher(contract, createHandlers(deps)) })
  const finish = (error?: Error): void => {
    if (error === undefined) settle?.resolve()
    else settle?.reject(error)
  }
  return {
    client,
    become,
    finish,
    unload,
    signal: () => loadSignal,
    started: () => vi.waitFor(() => expect(settle).not.toBeNull()),
  }
}

describe('loading a model', () => {
  test('tells each state, ends when it is ready, and keeps nothing of it', async () => {
    const { client, become, finish, started } = setUp()
    const states = client.stream('models.load', { model: 'model' })
    const first = states.next()
    await started()
    become('loading')
    expect((await first).value).toMatchObject({ name: 'org/model', state: 'loading' })
    become('ready')
    expect((await states.next()).value).toMatchObject({ state: 'ready' })
    finish()
    for await (const state of states) expect(state.state).toBe('ready')
  })

  test('leaving the stream does not stop the load', async () => {
    const { client, become, finish, started, signal } = setUp()
    const states = client.stream('models.load', { model: 'model' })
    const first = states.next()
    await started()
    become('loading')
    await first
    await states.return()
    expect(signal()?.aborted).toBe(false)
    finish()
  })

  test('ends with the error of the load, or of the name', async () => {
    const { client, finish, started } = setUp()
    const pending = client.stream('models.load', { model: 'model' }).next()
    await started()
    finish(new AppError('engine_load_failed', 'It did not load.'))
    await expect(pending).rejects.toMatchObject({ code: 'engine_load_failed' })
    await expect(client.stream('models.load', { model: 'x' }).next()).rejects.toMatchObject({ code: 'model_not_found' })
  })
})

test('a model is unloaded by any name that leads to it', async () => {
  const { client, unload, become } = setUp()
  await client.call('models.unload', { model: 'model' })
  become('ready')
  await client.call('models.unload', { model: 'org/model' })
  expect(unload.mock.calls).toEqual([
    ['org/model', {}],
    ['org/model', {}],
  ])
})

describe('removing', () => {
  test('tells everyone that the models are others, also when it failed half-way', async () => {
    const modelsChanged = vi.fn<() => void>()
    const fails = () => Promise.reject(new AppError('permission_denied', 'No.'))
    const { client } = setUp({ modelsChanged, storage: { ...storage, remove: fails, prune: fails } })
    await expect(client.call('storage.remove', { model: 'm' })).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(client.call('storage.prune', {})).rejects.toMatchObject({ code: 'permission_denied' })
    expect(modelsChanged).toHaveBeenCalledTimes(2)
  })
})

describe('cleaning up', () => {
  const plan = { id: 'p', items: [], summary: [], bytes_freed: 0, disk_bytes_freed: 0, left_out: [] }
  const progress = { type: 'progress', items_done: 1, items_total: 1, bytes_freed: 7, name: 'org/model' } as const
  const result = { plan, done: [], skipped: [], bytes_freed: 7, disk_bytes_freed: 7 }

  test('tells how far it is, then the result, and that the models are others now', async () => {
    const modelsChanged = vi.fn<() => void>()
    const prune: HandlerDeps['storage']['prune'] = async (options) => {
      options?.onProgress?.(progress)
      await new Promise((resolve) => setTimeout(resolve))
      return result
    }
    const { client } = setUp({ storage: { ...storage, prune }, modelsChanged })
    const events = []
    for await (const event of client.stream('storage.clean', { plan: 'p' })) events.push(event)
    expect(events).toEqual([progress, { type: 'result', ...result }].map((event) => expect.objectContaining(event)))
    expect(modelsChanged).toHaveBeenCalledOnce()
  })

  test('fails as the prune does', async () => {
    const prune = () => Promise.reject(new AppError('busy', 'The cache has changed since this plan was made.'))
    const { client } = setUp({ storage: { ...storage, prune }, modelsChanged: () => undefined })
    await expect(client.stream('storage.clean', {}).next()).rejects.toMatchObject({ code: 'busy' })
  })
})
