import type {
  AppContract,
  AppInfo,
  CallContext,
  DemoStatus,
  Handlers,
  LoadedModel,
  ServerStatus,
  StateFrame,
} from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { LogRing, RequestLog } from '../../core/activity'
import type { Account } from '../../core/account'
import type { EngineEnvironment, EnginePool } from '../../core/engine/types'
import type { Chats } from '../../core/chat'
import { knowsThinkingSwitch } from '../../core/generation'
import type { Generator } from '../../core/generation/types'
import type { Discover } from '../../core/discover'
import type { Jobs } from '../../core/jobs'
import { createDownloadHandlers } from './download-handlers'
import type { OpenQueue } from '../../core/queue'
import type { ApiKeys } from '../../core/keys'
import type { Fits } from '../../core/fit'
import type { LastUsed } from '../../core/models'
import type { ModelCatalog } from '../../core/models/types'
import type { Privacy } from '../../core/privacy'
import type { Repairer } from '../../core/repair'
import type { SettingsManager } from '../../core/settings'
import type { Storage } from '../../core/storage'
import { createEmitter, follow } from '../../core/system'
import type { Trust, TrustSubject } from '../../core/trust'
import type { Verifier } from '../../core/verify'
import { streamPrune } from './prune-stream'

export interface HandlerDeps {
  info: AppInfo
  privacy: Privacy
  /** A link with a fresh one-time code. */
  drawLink: () => string
  watchState: (signal: AbortSignal) => AsyncIterable<StateFrame>
  jobs: Pick<Jobs, 'start' | 'watch' | 'cancel'>
  api: { start: (options: { port?: number }) => Promise<ServerStatus>; stop: () => Promise<ServerStatus> }
  demo: { enable: () => Promise<DemoStatus>; remove: () => Promise<DemoStatus> }
  catalog: ModelCatalog
  verifier: Pick<Verifier, 'verify'>
  repairer: Repairer
  fits: Fits
  lastUsed: Pick<LastUsed, 'all'>
  storage: Pick<Storage, 'usage' | 'planRemove' | 'remove' | 'planPrune' | 'prune'>
  /** Tells everyone that the models are others now, without waiting for the watched folders to say so. */
  modelsChanged: () => void
  account: Pick<Account, 'show' | 'logIn' | 'remove'>
  discover: Discover
  downloads: OpenQueue
  environment: Pick<EngineEnvironment, 'status'>
  pool: EnginePool
  generator: Generator
  requests: Pick<RequestLog, 'watch'>
  log: { file: string; lines: Pick<LogRing, 'watch'> }
  chats: Pick<Chats, 'calls'>
  keys: ApiKeys
  config: SettingsManager
  trust: Trust
  /** Begins the end of this process's services, after the answer. */
  requestStop: () => void
}

/**
 * Loads a model and tells how far it is. The load belongs to the pool: leaving ends the telling only.
 * @throws AppError as the catalog's `resolve` and the pool's `acquire`
 */
async function* loadModel(
  deps: Pick<HandlerDeps, 'catalog' | 'pool'>,
  {
    model: spec,
    keep_alive_s: keepAliveS,
    pinned,
  }: { model: string; keep_alive_s?: number | null | undefined; pinned?: boolean | undefined },
  signal: AbortSignal,
): AsyncGenerator<LoadedModel> {
  const { catalog, pool } = deps
  const model = await catalog.resolve(spec)
  const settled = createEmitter<undefined>()
  let outcome: { error?: unknown } | null = null
  const settle = (result: { error?: unknown }): void => {
    outcome = result
    settled.emit(undefined)
  }
  const keepAliveMs = typeof keepAliveS === 'number' ? keepAliveS * 1000 : keepAliveS
  pool.load(model, { signal: new AbortController().signal, keepAliveMs, pinned }).then(
    () => settle({}),
    (error: unknown) => settle({ error }),
  )
  const read = (): { state: LoadedModel | undefined; outcome: { error?: unknown } | null } => ({
    state: pool.list().find(({ name }) => name === model.name),
    outcome,
  })
  const subscribe = (listener: () => void): (() => void) => {
    const leave = [pool.subscribe(listener), settled.subscribe(listener)]
    return () => leave.forEach((unsubscribe) => unsubscribe())
  }
  for await (const now of follow(read, subscribe, signal)) {
    if (now.outcome !== null && 'error' in now.outcome) throw now.outcome.error
    if (now.state !== undefined) yield now.state
    if (now.outcome !== null) return
  }
}

/** What the owner does for each call of the contract: one line each, since the work is the core's. */
export function createHandlers(deps: HandlerDeps): Handlers<AppContract> {
  const { catalog, environment, generator, jobs, pool } = deps
  const nothing = Promise.resolve({})
  return {
    'keys.list': () => Promise.resolve({ keys: deps.keys.list() }),
    'keys.create': (options) => deps.keys.create(options),
    'keys.revoke': ({ key }) => deps.keys.revoke(key).then(() => nothing),
    'account.show': (_input, { signal }) => deps.account.show(signal),
    'account.login': ({ token }, { signal }) => deps.account.logIn(token, signal),
    'account.logout': async (_input, { signal }) => {
      await deps.account.remove()
      return await deps.account.show(signal)
    },
    'config.list': () => Promise.resolve({ settings: deps.config.list() }),
    'config.set': ({ key, value }) => deps.config.set(key, value),
    'config.unset': ({ key }) => deps.config.unset(key),
    'app.stop': () => {
      deps.requestStop()
      return nothing
    },
    'trust.list': () => Promise.resolve({ revisions: deps.trust.list() }),
    'trust.inspect': async ({ model }) => deps.trust.inspect(await toSubject(model, catalog)),
    'trust.add': async ({ model, code_hash: codeHash }) => {
      const revision = await deps.trust.add(await toSubject(model, catalog), codeHash)
      deps.modelsChanged()
      return revision
    },
    'trust.remove': async ({ model }) => {
      const revisions = await deps.trust.remove(model)
      // What runs on that trust ends with it.
      await Promise.all(revisions.map(({ name }) => pool.unload(name, { drainMs: 0 })))
      deps.modelsChanged()
      return { revisions }
    },
    'app.places': () => deps.privacy.places(),
    'app.forget': ({ what }) => deps.privacy.forget(what),
    'app.info': () => Promise.resolve(deps.info),
    'ui.link': () => Promise.resolve({ url: deps.drawLink() }),
    'state.watch': (_input, { signal }) => deps.watchState(signal),
    'jobs.start': async ({ kind }) => jobs.start(kind),
    'jobs.watch': ({ id }, { signal }) => jobs.watch(id, signal),
    'jobs.cancel': ({ id }) => jobs.cancel(id).then(() => nothing),
    'server.start': ({ port }) => deps.api.start(port === undefined ? {} : { port }),
    'server.stop': () => deps.api.stop(),
    'demo.enable': () => deps.demo.enable(),
    'demo.remove': () => deps.demo.remove(),
    'models.list': () => catalog.list(),
    'models.show': ({ model }) => catalog.show(model),
    'models.health': ({ model }) => catalog.health(model),
    'models.verify': (options, { signal }) => deps.verifier.verify(options, signal),
    'models.repair_plan': ({ model }, { signal }) => deps.repairer.plan(model, signal),
    'models.repair': ({ model, plan }, { signal }) => deps.repairer.repair(model, { planId: plan }, signal),
    'models.fits': () => deps.fits.list(),
    'models.memory': ({ model }) => deps.fits.estimate(model),
    'models.used': () => Promise.resolve({ used: deps.lastUsed.all() }),
    'storage.usage': () => deps.storage.usage(),
    'storage.remove_plan': ({ model }) => deps.storage.planRemove(model),
    'storage.remove': ({ model, plan, force }) => deps.storage.remove(model, { planId: plan, force }).finally(deps.modelsChanged),
    'storage.prune_plan': ({ categories }) => deps.storage.planPrune({ categories }),
    'storage.prune': ({ categories, plan }) => deps.storage.prune({ categories, planId: plan }).finally(deps.modelsChanged),
    'storage.clean': ({ categories, plan }, { signal }) => streamPrune(deps, { categories, planId: plan }, signal),
    'hub.card': ({ model, hash }, { signal }) => deps.discover.card(model, hash, signal),
    'hub.search': (query, { signal }: CallContext) => deps.discover.search(query, signal),
    ...createDownloadHandlers(deps),
    'engine.status': () => environment.status(),
    'models.load': (input, { signal }: CallContext) => loadModel({ catalog, pool }, input, signal),
    'models.unload': async ({ model, force }) => {
      await pool.unload(await toLoadedName(model, deps), force === true ? { drainMs: 0 } : {})
      return {}
    },
    'models.pin': async ({ model, pinned }) => {
      pool.pin(await toLoadedName(model, deps), pinned)
      return {}
    },
    'engine.memory': () => pool.memory(),
    'server.activity': (_input, { signal }) => deps.requests.watch(signal),
    'log.watch': async function* (_input, { signal }) {
      for await (const lines of deps.log.lines.watch(signal)) yield { file: deps.log.file, ...lines }
    },
    'chat.send': ({ model, messages, params, face }, { signal }) => generator.generate({ model, messages, params, face }, signal),
    'chat.abilities': async ({ model }) => {
      const { snapshot_path: path } = await catalog.show(model)
      return { thinking_switch: path !== null && (await knowsThinkingSwitch(path)) }
    },
    ...deps.chats.calls,
  }
}

/** The revision that a name leads to, whatever speaks against running it. @throws AppError as the catalog's `show`; model_unhealthy */
async function toSubject(spec: string, catalog: Pick<ModelCatalog, 'show'>): Promise<TrustSubject> {
  const { model, snapshot_path: snapshotPath } = await catalog.show(spec)
  if (snapshotPath === null) throw new AppError('model_unhealthy', `${model.name} has no revision to look at.`)
  return { name: model.name, hash: model.hash, snapshotPath }
}

/** A loaded model's own name needs no look at the disk: the model may be gone from it. */
async function toLoadedName(spec: string, { catalog, pool }: Pick<HandlerDeps, 'catalog' | 'pool'>): Promise<string> {
  if (pool.list().some(({ name }) => name === spec)) return spec
  const { model } = await catalog.show(spec)
  return model.name
}
