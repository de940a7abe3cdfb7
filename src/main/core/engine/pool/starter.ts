import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResolvedModel } from '../../models/types'
import type { DataPaths, Env, Layout, Platform } from '../../system'
import type { MemoryPlan } from '../memory/plan'
import { engineArguments, engineEnvironment, type EngineLimits } from '../process/command'
import { startEngineProcess, type EngineProcess, type EngineProcessDeps } from '../process/engine-process'
import { createProcessInspector } from '../process/inspect'
import { createLogRing, type LogRing } from '../process/log-ring'
import { createProcessTable, type ProcessTable } from '../process/process-table'
import { createEngineRecords } from '../process/records'
import { signalGroup, spawnGroup, warmUp } from '../process/system'

export interface StarterDeps {
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'engines'>
  layout: Pick<Layout, 'resources'>
  onChange: () => void
  onWorkingSet: (bytes: number) => void
  stallMs?: number
  /** For tests: everything that reaches the machine. */
  spawn?: EngineProcessDeps['spawn']
  warmUp?: EngineProcessDeps['warmUp']
  signalGroup?: EngineProcessDeps['signalGroup']
  inspect?: EngineProcessDeps['inspect']
  table?: ProcessTable
  clock?: () => number
}

export interface StartSpec {
  python: string
  model: ResolvedModel
  plan: MemoryPlan
  limits: EngineLimits
  safeMemory: boolean
  /** Code that the model brings may run: the user trusts this revision. */
  trusted: boolean
}

/** Starts engines, and sees to it that none outlives us and none of a former owner is left. */
export interface Starter {
  /** Before the first start: the folder that engines run in, and the end of those whose owner died. */
  prepare: () => Promise<void>
  /** `gone` resolves when the process is gone and its record too. */
  start: (spec: StartSpec) => { process: EngineProcess; gone: Promise<void> }
  log: (name: string) => string[]
  /** Ends all that run. */
  stopAll: () => Promise<void>
}

const keptLogs = 32
const stallMs = 60_000
const termGraceMs = 2000

export function createStarter(deps: StarterDeps): Starter {
  const kill = deps.signalGroup ?? signalGroup
  const records = createEngineRecords({
    folder: deps.paths.engines,
    table: deps.table ?? createProcessTable(deps.platform),
    ownPid: process.pid,
    killGroup: (pid) => kill(pid, 'SIGKILL'),
  })
  const processDeps: EngineProcessDeps = {
    spawn: deps.spawn ?? spawnGroup,
    warmUp: deps.warmUp ?? warmUp,
    signalGroup: kill,
    onChange: deps.onChange,
    onWorkingSet: deps.onWorkingSet,
    inspect: deps.inspect ?? createProcessInspector(deps.platform),
    clock: deps.clock ?? (() => performance.now()),
    stallMs: deps.stallMs ?? stallMs,
    termGraceMs,
  }
  const logs = new Map<string, LogRing>()
  const running = new Set<EngineProcess>()
  let swept: Promise<unknown> | null = null
  const killAll = (): void => {
    for (const engine of running) engine.killNow()
  }

  function logOf(name: string): LogRing {
    const ring = logs.get(name) ?? createLogRing()
    logs.delete(name)
    logs.set(name, ring)
    const oldest = logs.keys().next()
    if (logs.size > keptLogs && oldest.done !== true) logs.delete(oldest.value)
    return ring
  }

  async function forgetAtEnd(engine: EngineProcess, recorded: Promise<void>): Promise<void> {
    await engine.ended
    running.delete(engine)
    if (running.size === 0) process.removeListener('exit', killAll)
    await recorded
    // A record that stays is that of no process: the next sweep forgets it.
    if (engine.pid !== null) await records.remove(engine.pid).catch(() => undefined)
  }

  return {
    prepare: async () => {
      await mkdir(join(deps.paths.engines, 'cwd'), { recursive: true, mode: 0o700 })
      swept ??= records.sweep()
      await swept
    },
    start: ({ python, model, plan, limits, safeMemory, trusted }) => {
      const plain = engineArguments(deps.layout.resources, model.snapshotPath, limits)
      // -B: bytecode beside a model's code would be a write into the cache, and code that nobody has seen.
      const args = trusted ? ['-B', ...plain, '--trust-remote-code'] : plain
      const token = randomBytes(24).toString('base64url')
      const { contextLength, freedBytes } = plan
      const engine = startEngineProcess(processDeps, {
        name: model.name,
        python,
        args,
        env: {
          ...engineEnvironment(deps.env, { token, contextLength, safeMemory, freedBytes }),
          // Where transformers copies a model's code to before it runs it: else a folder in the user's cache.
          ...(trusted ? { HF_MODULES_CACHE: join(deps.paths.engines, 'modules') } : {}),
        },
        cwd: join(deps.paths.engines, 'cwd'),
        token,
        // Generous: a cold disk reads 50 MB/s, and importing mlx_lm on a busy machine takes a while.
        loadDeadlineMs: 120_000 + model.summary.size_bytes / 50_000,
        weightBytes: model.summary.memory.weights_bytes,
        log: logOf(model.name),
      })
      if (running.size === 0) process.once('exit', killAll)
      running.add(engine)
      const { pid } = engine
      // Without a record (a full disk) it still dies with us: only the sweep would not know it.
      const recorded = pid === null ? Promise.resolve() : records.write(pid, args).catch(() => undefined)
      return { process: engine, gone: forgetAtEnd(engine, recorded) }
    },
    log: (name) => logs.get(name)?.lines() ?? [],
    stopAll: async () => {
      await Promise.all([...running].map((engine) => engine.stop()))
    },
  }
}
