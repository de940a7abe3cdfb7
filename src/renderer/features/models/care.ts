import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, MemoryEstimate, RepairPlan, VerifiedModel, VerifyProgress } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { Messages } from '../../lib/messages'
import { toFailure } from '../../lib/serialized'
import { splitOwner } from './model'

/** The verification of one model, as far as it is. */
export type Check =
  | { state: 'waiting' }
  | { state: 'running'; progress: VerifyProgress | null }
  | { state: 'done'; result: VerifiedModel }
  | { state: 'failed'; error: SerializedError }

export type RepairState =
  | { step: 'closed' }
  | { step: 'planning'; name: string }
  | { step: 'planned'; name: string; plan: RepairPlan; error: SerializedError | null }
  | { step: 'acting'; name: string }
  | { step: 'failed'; name: string; error: SerializedError }

export interface CareState {
  /** By model name. */
  checks: Record<string, Check>
  repair: RepairState
  /** Of the model whose details are shown. */
  memory: { name: string; estimate: MemoryEstimate | null; error: SerializedError | null } | null
}

export type CareStore = StoreApi<CareState>

export function createCareStore(): CareStore {
  return createStore<CareState>(() => ({ checks: {}, repair: { step: 'closed' }, memory: null }))
}

export interface CareActions {
  /** One after the other; a model that is being verified already is left at it. */
  verify: (names: readonly string[]) => Promise<void>
  cancelVerify: (name: string) => void
  /** Takes a result away. */
  forget: (name: string) => void
  /** Shows what a repair would do. */
  askRepair: (name: string) => Promise<void>
  /** Does what is shown, and has the owner fetch what only the Hub has. */
  repair: () => Promise<void>
  closeRepair: () => void
  /** Asks what the model takes of the memory. */
  estimate: (name: string) => Promise<void>
}

interface CareDeps {
  client: Client<AppContract>
  store: CareStore
  /** Looks at the models again. */
  refresh: () => Promise<void>
  t: () => Messages['care']
  tell: (text: string) => void
}

/** The name of one file as a pattern that matches nothing else. */
const exactly = (path: string): string => path.replaceAll(/[*?[]/g, (letter) => `[${letter}]`)

/** What is done for a model on the disk: verifying its bytes, repairing it, saying what memory it takes. */
export function createCareActions({ client, store, refresh, t, tell }: CareDeps): CareActions {
  const running = new Map<string, AbortController>()
  let turn = 0

  const setCheck = (name: string, check: Check | null): void =>
    store.setState(({ checks }) => {
      const { [name]: _old, ...others } = checks
      return { checks: check === null ? others : { ...others, [name]: check } }
    })

  const verifyOne = async (name: string, { signal }: AbortController): Promise<void> => {
    if (signal.aborted) return setCheck(name, null)
    setCheck(name, { state: 'running', progress: null })
    try {
      for await (const event of client.stream('models.verify', { model: name }, { signal })) {
        if (event.type === 'progress') setCheck(name, { state: 'running', progress: event })
        else {
          const [result] = event.models
          setCheck(name, result === undefined ? null : { state: 'done', result })
        }
      }
    } catch (error) {
      const failed = toFailure(error)
      setCheck(name, failed === null || signal.aborted ? null : { state: 'failed', error: failed })
    }
  }

  const verify: CareActions['verify'] = async (names) => {
    const fresh = [...new Set(names)].filter((name) => !running.has(name))
    const controllers = fresh.map((name) => [name, new AbortController()] as const)
    for (const [name, controller] of controllers) {
      running.set(name, controller)
      setCheck(name, { state: 'waiting' })
    }
    for (const [name, controller] of controllers) {
      await verifyOne(name, controller)
      running.delete(name)
    }
    await refresh()
  }

  const askRepair = async (name: string): Promise<void> => {
    const mine = ++turn
    store.setState({ repair: { step: 'planning', name } })
    try {
      const plan = await client.call('models.repair_plan', { model: name })
      if (mine === turn) store.setState({ repair: { step: 'planned', name, plan, error: null } })
    } catch (error) {
      const failed = toFailure(error)
      if (mine === turn) store.setState({ repair: failed === null ? { step: 'closed' } : { step: 'failed', name, error: failed } })
    }
  }

  const repair = async (): Promise<void> => {
    const before = store.getState().repair
    if (before.step !== 'planned') return
    const { name, plan } = before
    store.setState({ repair: { step: 'acting', name } })
    try {
      const spec = plan.revision === null ? name : `${name}@${plan.revision}`
      const result = await client.call('models.repair', { model: spec, plan: plan.id })
      if (result.needs_network) {
        const include = plan.needs_listing ? [] : result.plan.fetch.map(({ path }) => exactly(path))
        await client.call('downloads.add', {
          model: name,
          ...(plan.revision === null ? {} : { revision: plan.revision }),
          ...(include.length === 0 ? {} : { include }),
        })
      }
      store.setState({ repair: { step: 'closed' } })
      const { short } = splitOwner(name)
      if (result.needs_network) tell(t().repairFetching(short))
      else tell(result.health.status === 'healthy' ? t().repairDone(short) : t().repairStill(short))
      setCheck(name, null)
    } catch (error) {
      store.setState({ repair: { ...before, error: toFailure(error) } })
    }
    await refresh()
  }

  return {
    verify,
    cancelVerify: (name) => {
      running.get(name)?.abort()
      if (store.getState().checks[name]?.state === 'waiting') setCheck(name, null)
    },
    forget: (name) => setCheck(name, null),
    askRepair,
    repair,
    closeRepair: () => {
      if (store.getState().repair.step === 'acting') return
      turn += 1
      store.setState({ repair: { step: 'closed' } })
    },
    estimate: async (name) => {
      if (store.getState().memory?.name !== name) store.setState({ memory: { name, estimate: null, error: null } })
      const isWanted = (): boolean => store.getState().memory?.name === name
      try {
        const estimate = await client.call('models.memory', { model: name })
        if (isWanted()) store.setState({ memory: { name, estimate, error: null } })
      } catch (error) {
        if (isWanted()) store.setState({ memory: { name, estimate: null, error: toFailure(error) } })
      }
    },
  }
}
