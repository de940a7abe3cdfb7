import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile, type DataPaths, type Env, type Layout, type Platform } from '../system'
import { locateManaged, locateNamed } from './locate'

/** What the installed engine can load. `unknown`: it could not be asked, so nothing can be said. */
export type EngineSupport =
  | { state: 'missing' }
  | { state: 'unknown' }
  | {
      state: 'known'
      version: string
      architectures: ReadonlySet<string>
      /** Architectures that only lack a Python package, with its name. */
      lacking?: ReadonlyMap<string, string>
    }

export interface EngineSupportDeps {
  env: Env
  platform: Pick<Platform, 'home'>
  paths: Pick<DataPaths, 'engine' | 'index'>
  layout: Pick<Layout, 'resources'>
  settings: { read: () => { engine: { python: string | null } } }
  /** Runs Python; the text that it printed. Rejects when it fails. For tests. */
  run?: (python: string, args: readonly string[]) => Promise<string>
}

/** What an interpreter said, and the files that must be as they were for it to hold. */
interface Remembered {
  python: string
  files: string[]
  stamp: string
  /** Null: there is no mlx_lm in it. */
  version: string | null
  architectures: string[]
  lacking?: Record<string, string> | undefined
}

const MAX_REMEMBERED = 8
const MAX_FILE_BYTES = 1_000_000
const MAX_ARCHITECTURES = 5000
const TIMEOUT_MS = 20_000

function runPython(python: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1' }
    execFile(python, args, { env, timeout: TIMEOUT_MS, maxBuffer: MAX_FILE_BYTES, killSignal: 'SIGKILL' }, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(error)
    })
  })
}

function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return stats === undefined ? '-' : `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`
    })
    .join(' ')
}

function isTexts(value: unknown, most: number): value is string[] {
  return Array.isArray(value) && value.length <= most && value.every((entry) => typeof entry === 'string' && entry.length < 4096)
}

function isTextTable(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && isTexts(Object.entries(value).flat(), 2 * MAX_ARCHITECTURES)
}

type Answer = Pick<Remembered, 'version' | 'architectures' | 'files' | 'lacking'>

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false
  const { version, architectures, files, lacking }: Partial<Record<keyof Answer, unknown>> = value
  const isVersion = version === null || (typeof version === 'string' && version.length < 100)
  return (
    isVersion && isTexts(architectures, MAX_ARCHITECTURES) && isTexts(files, 8) && (lacking === undefined || isTextTable(lacking))
  )
}

function isRemembered(value: unknown): value is Remembered {
  return (
    isAnswer(value) && 'python' in value && typeof value.python === 'string' && 'stamp' in value && typeof value.stamp === 'string'
  )
}

function readRemembered(file: string): Remembered[] {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return []
    const said: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(said) ? said.filter(isRemembered) : []
  } catch {
    return []
  }
}

function toSupport({ version, architectures, lacking }: Answer): EngineSupport {
  if (version === null) return { state: 'missing' }
  const packages = lacking === undefined ? {} : { lacking: new Map(Object.entries(lacking)) }
  return { state: 'known', version, architectures: new Set(architectures), ...packages }
}

/**
 * Asks the engine that would be used which architectures it knows. The interpreter is asked once (about 0.1 s); the answer is kept in
 * `<data>/index` as long as the interpreter and its mlx_lm are the same files, so that asking costs a few looks. Never throws.
 */
export function createEngineSupport(deps: EngineSupportDeps): () => Promise<EngineSupport> {
  const { env, platform, paths, layout, settings } = deps
  const run = deps.run ?? runPython
  const script = join(layout.resources, 'engine', 'architectures.py')
  const file = join(paths.index, 'architectures.json')
  let last: { remembered: Remembered; support: EngineSupport } | null = null
  /** One that just failed is not asked again before something about it changes. */
  let failed: string | null = null

  const locate = (): string | null => {
    const named = locateNamed(env, platform, settings.read().engine.python)
    if (named !== null) return named.python
    return locateManaged(paths.engine)
  }
  const holds = (entry: Remembered, python: string): boolean =>
    entry.python === python && entry.stamp === stampOf([python, script, ...entry.files])

  const ask = async (python: string): Promise<EngineSupport> => {
    const said: unknown = JSON.parse((await run(python, ['-I', script])).trim().split('\n').at(-1) ?? '')
    if (!isAnswer(said)) throw new TypeError('The interpreter said something else.')
    const { version, architectures, files, lacking } = said
    const remembered = { python, files, stamp: stampOf([python, script, ...files]), version, architectures, lacking }
    const support = toSupport(remembered)
    last = { remembered, support }
    const others = readRemembered(file).filter((entry) => entry.python !== python)
    await writePrivateFile(file, JSON.stringify([remembered, ...others].slice(0, MAX_REMEMBERED))).catch(() => undefined)
    return support
  }
  return async () => {
    try {
      const python = locate()
      if (python === null) return { state: 'missing' }
      if (last !== null && holds(last.remembered, python)) return last.support
      const known = readRemembered(file).find((entry) => holds(entry, python))
      if (known !== undefined) {
        last = { remembered: known, support: toSupport(known) }
        return last.support
      }
      const key = `${python} ${stampOf([python, script])}`
      if (failed === key) return { state: 'unknown' }
      failed = key
      const support = await ask(python)
      failed = null
      return support
    } catch {
      return { state: 'unknown' }
    }
  }
}
