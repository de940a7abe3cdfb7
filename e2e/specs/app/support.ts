import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppContract } from '../../../src/shared/contract'
import { createClient, createHttpTransport, type Client } from '../../../src/shared/rpc'
import { firstLine } from '../../drivers/process'
import { ensureBuilt, projectFile } from '../../setup/build'

/**
 * The built program in a folder of its own, with nothing beside it but the one package that stays outside the bundle: what it needs
 * and does not find there is missing on every machine.
 */
export function install(): string {
  ensureBuilt()
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-installed-'))
  for (const part of ['out', 'resources']) cpSync(projectFile(part), join(folder, part), { recursive: true })
  for (const name of ['@photostructure/sqlite', 'node-gyp-build']) {
    const from = projectFile('node_modules', name)
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    if (existsSync(from))
      cpSync(from, join(folder, 'node_modules', name), { recursive: true, filter: (path) => !path.endsWith('/src') })
  }
  return folder
}

export interface Daemon {
  process: ChildProcess
  ready: { url: string | null; control_url: string; pid: number }
  client: Client<AppContract>
  token: string
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>
}

export function startProcess(folder: string, home: string, env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(folder, 'out', 'main', 'daemon.cjs')], {
    cwd: folder,
    env: { ...process.env, MLXK_HOME: home, HF_HOME: join(home, 'hf'), MLXK_PORT: '0', NODE_PATH: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Starts the daemon and waits for its ready line. @throws Error with what it said when it ends before */
export async function startDaemon(folder: string, home: string, env: Record<string, string> = {}): Promise<Daemon> {
  const child = startProcess(folder, home, env)
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null)
  const ready = JSON.parse(await firstLine(child)) as Daemon['ready']
  const { token } = JSON.parse(readFileSync(join(home, 'run', 'control-key.json'), 'utf8')) as { token: string }
  const client = createClient<AppContract>(createHttpTransport({ baseUrl: ready.control_url, token }))
  return { process: child, ready, client, token, ended }
}
