import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, DemoStatus, EngineStatus, Job } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import { chooseDemoModel, demoStep, engineView, type DemoEvent, type DemoFlow } from './model'

export interface EngineStoreState {
  engine: EngineStatus | null
  jobs: Job[]
  demo: DemoStatus | null
  flow: DemoFlow
  /** A start or cancel of an installation that did not get through. */
  error: SerializedError | null
}

export type EngineStore = StoreApi<EngineStoreState>

export function createEngineStore(): EngineStore {
  return createStore<EngineStoreState>(() => ({ engine: null, jobs: [], demo: null, flow: { step: 'off' }, error: null }))
}

export interface EngineActions {
  install: () => Promise<void>
  /** Starts other work on the engine: its update, or the way back. */
  run: (kind: Job['kind']) => Promise<void>
  cancel: (jobId: string) => Promise<void>
  /** Turns the demo on, installs the engine when it is missing, then opens the chat. */
  tryDemo: () => Promise<void>
  /** To be called when the owner's state has changed. */
  onState: () => void
}

export function createEngineActions(
  client: Client<AppContract>,
  store: EngineStore,
  openChat: (model: string | null) => void,
): EngineActions {
  const step = (event: DemoEvent): void => {
    const { flow, open } = demoStep(store.getState().flow, event)
    store.setState({ flow })
    if (open) openChat(chooseDemoModel(store.getState().demo?.models ?? []))
  }
  const view = () => engineView(store.getState().engine, store.getState().jobs)

  const run = async (kind: Job['kind']): Promise<void> => {
    store.setState({ error: null })
    try {
      await client.call('jobs.start', { kind })
    } catch (error) {
      store.setState({ error: toFailure(error) })
    }
  }

  return {
    install: () => run('engine.install'),
    run,
    cancel: async (jobId) => {
      store.setState({ flow: { step: 'off' } })
      try {
        await client.call('jobs.cancel', { id: jobId })
      } catch (error) {
        const failure = toFailure(error)
        // It ended by itself a moment ago: nothing to say.
        if (failure?.code !== 'job_not_found') store.setState({ error: failure })
      }
    },
    tryDemo: async () => {
      step({ type: 'started' })
      try {
        const demo = await client.call('demo.enable', {})
        const { kind } = view()
        const job = kind === 'ready' || kind === 'installing' ? null : await client.call('jobs.start', { kind: 'engine.install' })
        store.setState({ demo })
        step({ type: 'enabled', jobId: job?.id ?? null })
        step({ type: 'engine', view: view() })
      } catch (error) {
        step({ type: 'failed', error: toFailure(error) })
      }
    },
    onState: () => step({ type: 'engine', view: view() }),
  }
}
