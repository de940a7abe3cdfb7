import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeScriptedModel } from '../../../src/main/core/demo'

/** Faults of one model, in its folder as `faults.json`: what each does is in README.md. */
export interface EngineFaults {
  /** Path of a file that gets one JSON line per start, request and closed connection. */
  log?: string
  events?: boolean
  degraded?: string[]
  listen_event?: boolean
  port?: number
  bytes?: number
  load_steps?: number
  load_ms?: number
  load_error?: string
  load_error_code?: 'failed' | 'custom_code'
  die_in_load?: number | string
  hang_in_load?: boolean
  linger?: boolean
  orphan?: boolean
  ignore_sigterm?: boolean
  stderr_bytes?: number
  stdout_bytes?: number
  stats_ms?: number
  leak_bytes?: number
  working_set?: number
  reset_connections?: boolean
  hang_requests?: boolean
  say?: string
  token_ms?: number
  endless?: boolean
}

/** One line of the log. */
export interface EngineLogEntry {
  at: number
  pid: number
  event: 'start' | 'request' | 'closed' | 'sigterm'
  id?: number
  path?: string
  body?: Record<string, unknown>
  options?: Record<string, string>
}

/** Writes a program that can stand for the engine's Python (for `MLXK_PYTHON`, or a pool's `environment`); returns its path. */
export function writeFakePython(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'python')
  // `exec`, so that it is one process and signals reach it.
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'engine.mjs')}' "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

/** Writes a healthy model whose engine has faults; returns what `writeScriptedModel` does. */
export async function writeFaultyModel(hub: string, name: string, faults: EngineFaults) {
  const written = await writeScriptedModel(hub, { name, script: 'The real engine would say this.' })
  writeFileSync(join(written.snapshotPath, 'faults.json'), JSON.stringify(faults))
  return written
}

export function readEngineLog(path: string): EngineLogEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line): EngineLogEntry => JSON.parse(line))
}
