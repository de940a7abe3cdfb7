import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { contract, CONTRACT_VERSION } from '../shared/contract'
import type { AppContract, AppInfo, AppState, EngineStatus, Handlers, OwnerKind, ServerStatus } from '../shared/contract'
import { AppError } from '../shared/errors'
import { createDispatcher, type Dispatcher } from '../shared/rpc'
import { version } from '../shared/version'
import { createAccount } from './core/account'
import { createLogRing, createRequestLog, recordAnswers, type LogRing } from './core/activity'
import { createChats, openHistory } from './core/chat'
import { createScanner, resolveRoots, type CacheRoot } from './core/cache'
import { createEngineEnvironment, createEnginePool, createMachineMemory, openEngineStream, toPoolPolicy } from './core/engine'
import type { EngineEnvironment, EnginePool } from './core/engine/types'
import { createGenerator, type Generator } from './core/generation'
import { createEngineSupport } from './core/interpreter'
import { createJobs } from './core/jobs'
import { createApiKeys } from './core/keys'
import { complainTo, createLog, logCalls, logFile, logModels, logRequests, type Log, type OpenLog } from './core/log'
import { createCatalog, createLastUsed, createVerdictIndex, type ModelCatalog } from './core/models'
import {
  acquireOwnership,
  alreadyRunning,
  connectOwner,
  createRepoLock,
  findOwner,
  type Ownership,
  type RepoLock,
} from './core/ownership'
import { openDownloadQueue } from './core/queue'
import { createPrivacy, releaseAll } from './core/privacy'
import { createRepairer, type Repairer } from './core/repair'
import {
  chooseLogLevel,
  chooseServer,
  createSettings,
  createSettingsManager,
  type OpenSettings,
  type ServerFlags,
} from './core/settings'
import type { SettingsStore } from './core/settings/types'
import { openDiscover, type Discover } from './core/discover'
import { createFits } from './core/fit'
import { createInUse, createStorage, type InUseDeps, type Storage } from './core/storage'
import { createSecrets, type Sealer, type SecretStore } from './core/secrets'
import { createStatePublisher, watchRoots } from './core/state'
import { createFileLocks, dataPaths, within, type DataPaths, type Env, type Layout, type Platform } from './core/system'
import { createTrust, type Trust } from './core/trust'
import { createContentMemory, createHashMemory, createVerifier, type Verifier } from './core/verify'
import { createApiAccess } from './server/api-access'
import { createApiListener } from './server/api-listener'
import { buildControl, createHandlers, createOneTimeCodes, listenControl } from './server/control'
import { createDemoSwitch } from './server/demo-switch'
import type { Listening } from './server/http'
import { serveApi } from './server/openai'

export interface AppOptions {
  env: Env
  platform: Platform
  layout: Layout
  kind: OwnerKind
  /** Scan in a worker thread (app, daemon, serve) or in this thread (one-shot commands). */
  scanInWorker: boolean
  /** Over environment and settings. */
  logLevel?: string | undefined
  /** The keychain of the system, for a program that has one. */
  keychain?: Sealer | undefined
  /** Gets every line of the log too, for a terminal. */
  logTap?: ((line: string) => void) | undefined
}

/** Core services without ownership or listeners: what one-shot commands such as `list` and `run` need. */
export interface Core {
  paths: DataPaths
  settings: SettingsStore
  catalog: ModelCatalog
  verifier: Verifier
  repairer: Repairer
  storage: Storage
  secrets: SecretStore
  discover: Discover
  environment: EngineEnvironment
  pool: EnginePool
  generator: Generator
  trust: Trust
  close: () => Promise<void>
}

/** The owner's services. Exists only while this process holds the data folder. */
export interface App extends Core {
  info: AppInfo
  handlers: Handlers<AppContract>
  /** The handlers as a transport wants them: logged, and ended with `server_shutdown` by `close`. */
  dispatcher: Dispatcher
  log: Log
  state: { current: () => AppState; subscribe: (listener: (state: AppState) => void) => () => void }
  /** Starts the OpenAI API. @throws AppError port_in_use (data: port, pid, process), listen_failed, invalid_setting (a host beyond loopback without a key) */
  startApi: (options: { host?: string; port?: number; maxTokens?: number | null }) => Promise<ServerStatus>
  stopApi: () => Promise<void>
  /** Aborts when a client has asked this process to end (`mlxk stop`); whoever runs it closes then. */
  stopRequested: AbortSignal
  /** `http://127.0.0.1:PORT` of the control listener. */
  controlUrl: string
}

interface CoreParts extends Core {
  settings: OpenSettings
  lock: RepoLock
  roots: () => readonly CacheRoot[]
}

function buildCore(
  options: AppOptions,
  settings: OpenSettings,
  maxTokens: () => number | null,
  watchOwner: InUseDeps['watchOwner'],
): CoreParts {
  const { env, platform, layout } = options
  const paths = dataPaths(env, platform)
  const scanner = createScanner({ inWorker: options.scanInWorker, layout })
  const roots = (): readonly CacheRoot[] => {
    const { demo, cache } = settings.read()
    return resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: demo.enabled, extraRoots: cache.extra_roots })
  }
  // Workspaces are for reading only: nothing that removes files may know of them.
  const caches = (): readonly CacheRoot[] => roots().filter(({ kind }) => kind !== 'workspace')
  const memory = createHashMemory(paths.index)
  const content = createContentMemory(memory)
  const trust = createTrust({ paths })
  const support = createEngineSupport({ env, platform, paths, layout, settings })
  const catalog = createCatalog({
    roots,
    scan: scanner.scan,
    content,
    index: createVerdictIndex(paths.index),
    support,
    isTrusted: trust.isTrusted,
    cwd: process.cwd(),
    home: platform.home,
  })
  const verifier = createVerifier({ inspect: catalog.inspect, memory, layout })
  const lock = createRepoLock(paths)
  const repairer = createRepairer({ inspect: catalog.inspect, prove: verifier.prove, lock })
  const environment = createEngineEnvironment({ env, platform, paths, layout, settings })
  const pool = createEnginePool({
    environment,
    env,
    platform,
    paths,
    layout,
    policy: () => toPoolPolicy(settings.read()),
    isTrusted: trust.isTrusted,
    bringsCode: trust.bringsCode,
  })
  const inUse = createInUse({ loaded: () => pool.list(), watchOwner })
  const locks = createFileLocks({ platform })
  const storage = createStorage({ scan: () => scanner.scan(caches()), lock, locks, inUse, content })
  const secrets = createSecrets(paths, options.keychain)
  const discover = openDiscover({
    env,
    platform,
    paths,
    catalog,
    support,
    machine: createMachineMemory(platform, paths.engines),
    memoryCap: () => toPoolPolicy(settings.read()).memoryLimitBytes,
    readStored: secrets.readHubToken,
  })
  const clock = (): number => performance.now()
  const generator = createGenerator({ catalog, pool, openStream: openEngineStream, clock, maxTokens })
  const close = async (): Promise<void> => {
    await Promise.all([pool.close(), scanner.close()])
  }
  return {
    lock,
    paths,
    settings,
    catalog,
    verifier,
    repairer,
    storage,
    secrets,
    discover,
    environment,
    pool,
    generator,
    trust,
    roots,
    close,
  }
}

/** Wires the services that need no owner. @throws AppError invalid_setting */
export function createCore(options: AppOptions): Core {
  const settings = createSettings({ paths: dataPaths(options.env, options.platform) })
  const maxTokens = chooseServer({}, options.env, settings.read()).maxTokens.value
  const paths = dataPaths(options.env, options.platform)
  const watchOwner: InUseDeps['watchOwner'] = async () => {
    const owner = await connectOwner(paths)
    return owner === null ? null : { pid: owner.owner.info.pid, frames: owner.stream('state.watch', {}) }
  }
  return buildCore(options, settings, () => maxTokens, watchOwner)
}

/**
 * Makes this process the owner of its data folder, with all services and the control port; the API starts with `startApi`.
 * @throws AppError already_running (data: pid, kind, url, control_url), invalid_setting, permission_denied, disk_full
 */
export async function createApp(options: AppOptions): Promise<App> {
  const paths = dataPaths(options.env, options.platform)
  // The environment's mistakes are the user's to mend: said before anything is opened.
  const mine = createSettings({ paths }).read()
  const level = chooseLogLevel(options.env, mine, options.logLevel).value
  chooseServer({}, options.env, mine)
  const ownership = await acquireOwnership(paths)
  if (ownership === null) throw alreadyRunning(await findOwner(paths))
  try {
    const lines = createLogRing({ file: logFile(paths) })
    const tap = (line: string): void => {
      lines.add(line)
      options.logTap?.(line)
    }
    const log = createLog({ paths, home: options.platform.home, level, tap })
    log.hide(ownership.key.token)
    return await runApp(options, ownership, log, lines)
  } catch (error) {
    await ownership.release()
    throw error
  }
}

async function runApp(options: AppOptions, ownership: Ownership, log: OpenLog, lines: LogRing): Promise<App> {
  const { env, layout, kind } = options
  const shutdown = new AbortController()
  const stopRequest = new AbortController()
  let maxTokens: number | null = null
  let revision = 1
  let chatsRevision = 1
  const settings = createSettings({ paths: dataPaths(env, options.platform), owner: true })
  const core = buildCore(
    options,
    settings,
    () => maxTokens,
    () => Promise.resolve(null),
  )
  const { paths, catalog, verifier, repairer, pool, generator } = core
  for (const { message } of settings.problems()) log.warn(message)
  maxTokens = chooseServer({}, env, settings.read()).maxTokens.value

  const info: AppInfo = {
    instance_id: ownership.instanceId,
    version,
    contract: CONTRACT_VERSION,
    kind,
    pid: process.pid,
    started_at: ownership.startedAt,
    platform: `${process.platform}-${process.arch}`,
  }
  let engine: EngineStatus = await core.environment.status()
  const engineStatus = async (): Promise<EngineStatus> => {
    engine = await core.environment.status()
    state.notice()
    return engine
  }
  const environment: EngineEnvironment = { ...core.environment, status: engineStatus }
  const refreshEngine = (): void => void engineStatus().catch(complainTo(log, 'engine status'))

  const jobs = createJobs({
    runners: {
      'engine.install': (signal) => environment.install(signal),
      'engine.update': (signal) => environment.update(signal),
      'engine.rollback': (signal) => environment.rollback(signal),
      'engine.remove': (signal) => environment.remove(signal),
    },
    newId: randomUUID,
    onUnforeseen: (error, id) => log.error('job failed', { job: id, error }),
  })
  const keys = createApiKeys({ paths })
  const access = createApiAccess({ settings, keys })
  const requests = createRequestLog()
  const ownGenerator = recordAnswers(generator, requests)
  const api = createApiListener({
    serve: (at) => {
      const isDegraded = (): boolean => engine.state !== 'ready'
      const onRequest = logRequests(log)
      const known = { version, revision: () => revision, isDegraded, isLogWritten: log.isWritten, requests }
      return serveApi({ generator, catalog, pool, downloads, ...known, access: access.rules, onRequest, logError }, at)
    },
    onChange: () => state.notice(),
  })
  const downloads = openDownloadQueue({
    env,
    platform: options.platform,
    paths,
    layout,
    settings,
    catalog,
    lock: core.lock,
    readStored: core.secrets.readHubToken,
    root: () => core.roots().find(({ kind: rootKind }) => rootKind === 'primary')?.path ?? '',
    onModels: () => modelsChanged(),
    onUnforeseen: (error, what) => complainTo(log, what)(error),
  })
  const demo = createDemoSwitch({ paths, settings, pool, onChange: () => modelsChanged() })
  const state = createStatePublisher({
    read: () => ({
      app: info,
      server: api.status(),
      engine,
      loaded: pool.list(),
      jobs: jobs.list(),
      downloads: downloads.list(),
      demo: demo.status(),
      models: { revision },
      appearance: settings.read().appearance,
      chats: { revision: chatsRevision },
    }),
  })
  const chats = createChats({
    open: (isAnswering) =>
      openHistory(
        {
          file: paths.chats,
          now: Date.now,
          onSetAside: (path) => log.error('the history of conversations is damaged, it was kept', { path }),
        },
        isAnswering,
      ),
    generator: ownGenerator,
    now: Date.now,
    newId: randomUUID,
    onUnforeseen: complainTo(log, 'answer'),
    onChange: () => {
      chatsRevision += 1
      state.notice()
    },
  })
  function logError(error: unknown, requestId: string): void {
    log.error('request failed', { request_id: requestId, error })
  }
  function modelsChanged(): void {
    revision += 1
    state.notice()
  }

  const watcher = watchRoots({ roots: () => core.roots().map(({ path }) => path), onChange: modelsChanged, onTick: refreshEngine })
  let running = ''
  jobs.subscribe(() => {
    const now = jobs
      .list()
      .map((job) => `${job.id}:${job.state}`)
      .join()
    if (now !== running) refreshEngine()
    running = now
    state.notice()
  })
  pool.subscribe(state.notice)
  const lastUsed = createLastUsed(paths.lastUsed)
  pool.subscribe(() => lastUsed.notice(pool.list()))
  downloads.subscribe(state.notice)
  pool.subscribe(logModels(log, pool.list))
  settings.subscribe(() => {
    state.notice()
    void watcher.check()
    refreshEngine()
  })

  const codes = createOneTimeCodes()
  const startApi = async (flags: ServerFlags): Promise<ServerStatus> => {
    const chosen = chooseServer(flags, env, settings.read())
    maxTokens = chosen.maxTokens.value
    access.checkHost(chosen.host)
    const status = await api.start({ host: chosen.host.value, port: chosen.port.value })
    await publish()
    return status
  }
  const stopApi = async (): Promise<ServerStatus> => {
    const status = await api.stop()
    await publish()
    return status
  }
  const holders = { downloads, chats, requests, lastUsed, trust: core.trust, pool, keys, log, lines, settings, modelsChanged }
  const handlers = createHandlers({
    info,
    privacy: createPrivacy({ paths, release: releaseAll(holders) }),
    drawLink: () => `${control.url}/#code=${codes.draw()}`,
    watchState: state.watch,
    jobs,
    api: { start: startApi, stop: stopApi },
    demo,
    catalog,
    verifier,
    repairer,
    fits: createFits({ catalog, limitBytes: async () => (await pool.memory()).limit_bytes }),
    lastUsed,
    storage: core.storage,
    account: createAccount({ env, platform: options.platform, secrets: core.secrets }),
    discover: core.discover,
    downloads,
    modelsChanged,
    environment,
    pool,
    generator: ownGenerator,
    requests,
    log: { file: logFile(paths), lines },
    chats,
    keys,
    trust: core.trust,
    config: createSettingsManager(settings, env),
    requestStop: () => void setImmediate(() => stopRequest.abort()),
  })
  const dispatcher = createDispatcher(contract, handlers, { report: logCalls(log), shutdown: shutdown.signal })
  const stop = async (): Promise<void> => {
    const complain = complainTo(log, 'stopping')
    shutdown.abort(new AppError('server_shutdown', 'MLX Knife is quitting.'))
    state.close()
    watcher.close()
    // Together under the five seconds that a clean end may take.
    const listeners = [api.stop(), closeControl({ graceMs: 500 })]
    await within(2400, [...listeners, jobs.close(), downloads.close(), chats.close()], complain)
    lastUsed.notice(pool.list())
    await within(2300, [core.close(), lastUsed.save()], complain)
    log.info('stopped')
    await ownership.release()
  }
  /** A start that fails half-way leaves nothing that listens, runs or keeps the process. */
  const orStop = <T>(work: Promise<T>): Promise<T> =>
    work.catch(async (error: unknown) => {
      await stop()
      throw error
    })
  let closeControl: Listening['close'] = () => Promise.resolve()
  const control: Listening = await orStop(
    listenControl(
      buildControl({
        contract,
        dispatcher,
        identity: { token: ownership.key.token, instanceId: ownership.instanceId, origin: () => control.url },
        codes,
        pageRoot: layout.outRenderer,
        onUnforeseen: complainTo(log, 'control request failed'),
      }),
      ownership.key.port,
    ),
  )
  closeControl = control.close
  async function publish(): Promise<void> {
    if (shutdown.signal.aborted) return
    const { url, port, hosts } = api.status()
    const listening = url === null || port === null ? null : { url, port, host: hosts[0] ?? '127.0.0.1' }
    await ownership.publish({ kind, control: { url: control.url }, api: listening, version, contract: CONTRACT_VERSION })
  }
  await orStop(ownership.keepPort(control.port))
  await orStop(publish())
  await watcher.check()
  if (settings.read().demo.enabled && !existsSync(paths.demoHub)) void demo.enable().catch(complainTo(log, 'demo models'))
  log.info('started', { pid: process.pid, kind, version, control_port: control.port })

  let closing: Promise<void> | null = null
  return {
    ...core,
    environment,
    info,
    handlers,
    dispatcher,
    log,
    state: { current: state.current, subscribe: state.subscribe },
    startApi,
    stopApi: async () => {
      await stopApi()
    },
    stopRequested: stopRequest.signal,
    controlUrl: control.url,
    close: () => (closing ??= stop()),
  }
}
