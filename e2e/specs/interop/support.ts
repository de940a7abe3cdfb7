import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { mlxk } from '../../drivers/cli'
import { finish, type CliResult } from '../../drivers/process'
import { testPython } from '../../setup/needs'
import { modelDetail, modelList, type ModelDetail, type ModelList } from '../../../src/shared/contract'

/** A cache folder and the environment in which the built CLI and Python's libraries use it. */
export interface CacheHome {
  root: string
  hub: string
  env: Record<string, string>
  remove: () => void
}

export function createCacheHome(): CacheHome {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-interop-'))
  const hub = join(root, 'hf', 'hub')
  mkdirSync(hub, { recursive: true })
  return {
    root,
    hub,
    // No test asks a Hub that is not its own.
    env: { HOME: root, HF_HOME: join(root, 'hf'), MLXK_HOME: join(root, 'data'), HF_ENDPOINT: 'http://127.0.0.1:9' },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** Runs the real `hf` on a cache, against the Hub at `endpoint`. Nothing else of this environment's Hugging Face settings counts. */
export function hf(home: CacheHome, endpoint: string, args: readonly string[]): Promise<CliResult> {
  const child = spawn(join(dirname(testPython()), 'hf'), args, {
    env: {
      ...process.env,
      ...home.env,
      HF_ENDPOINT: endpoint,
      HF_HUB_DISABLE_XET: '1',
      HF_HUB_DISABLE_TELEMETRY: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      NO_PROXY: '127.0.0.1,localhost',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return finish(child, 60_000)
}

export interface PythonScan {
  warnings: string[]
  repos: { id: string; size: number; revisions: { commit: string; refs: string[] }[] }[]
}

/** What Python's `scan_cache_dir` sees. */
export async function scanWithPython(hub: string): Promise<PythonScan> {
  const script = join(import.meta.dirname, '..', 'demo', 'scan.py')
  const { code, stdout, stderr } = await finish(spawn(testPython(), [script, hub], { stdio: ['ignore', 'pipe', 'pipe'] }))
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as PythonScan
}

async function full(home: CacheHome, args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await mlxk([...args, '--json=full'], { env: home.env })
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return (JSON.parse(stdout) as { data: unknown }).data
}

/** `mlxk list --json=full`, by the built CLI. */
export async function listOurs(home: CacheHome): Promise<ModelList> {
  return modelList.parse(await full(home, ['list']))
}

/** `mlxk show NAME --json=full`, by the built CLI. */
export async function showOurs(home: CacheHome, name: string): Promise<ModelDetail> {
  return modelDetail.parse(await full(home, ['show', name]))
}
