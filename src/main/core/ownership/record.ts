import { readFileSync } from 'node:fs'
import type { OwnerKind } from '../../../shared/contract'
import type { DataPaths } from '../system'

/** `<data>/run/control.json`: who owns the data folder, and where it listens. */
export interface OwnerRecord {
  v: 1
  instanceId: string
  pid: number
  /** ISO 8601. */
  startedAt: string
  kind: OwnerKind
  control: { url: string }
  /** The OpenAI API, null while it does not listen. */
  api: { url: string; host: string; port: number } | null
  version: string
  contract: number
}

/** `<data>/run/control-key.json`: drawn once, so that open pages find a restarted owner again. */
export interface ControlKey {
  port: number
  token: string
}

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** Reads a small file of ours, or anybody's file in its place: null for all that is not a JSON object. */
function readJson(file: string): Fields | null {
  try {
    const text = readFileSync(file, 'utf8')
    const value: unknown = text.length > 64 * 1024 ? null : JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}

/** True only for loopback: a token must never be sent anywhere else, whatever a file says. */
function isLoopbackUrl(url: unknown): url is string {
  return typeof url === 'string' && /^http:\/\/(127\.0\.0\.1|\[::1\]):\d{1,5}$/.test(url)
}

function isRecord(value: Fields): boolean {
  const { v, instanceId, pid, control } = value
  return v === 1 && typeof instanceId === 'string' && typeof pid === 'number' && isFields(control) && isLoopbackUrl(control['url'])
}

/** The record as it lies there; it may be that of a dead owner. */
export function readOwnerRecord(paths: Pick<DataPaths, 'controlFile'>): OwnerRecord | null {
  const value = readJson(paths.controlFile)
  return value !== null && isRecord(value) ? (value as unknown as OwnerRecord) : null
}

export function readControlKey(file: string): ControlKey | null {
  const value = readJson(file)
  if (value === null) return null
  const { port, token } = value
  const valid = typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535
  return valid && typeof token === 'string' && /^[\w-]{43,}$/.test(token) ? { port, token } : null
}
