import { setTimeout as sleep } from 'node:timers/promises'
import type { AppContract, AppInfo } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { createClient, createHttpTransport, type Client } from '../../../shared/rpc'
import type { DataPaths } from '../system'
import { controlKeyFile } from './acquire'
import { isLocked } from './lock'
import { nodeProver } from './prover'
import { readControlKey, readOwnerRecord, type OwnerRecord } from './record'

/** A living owner: it answered `app.info` with the instance id of its record. */
export interface Owner {
  record: OwnerRecord
  info: AppInfo
  token: string
}

export interface DiscoveryOptions {
  /** How long an owner that holds the lock may take to answer, e.g. because it is just starting. Default 5000. */
  patienceMs?: number
  /** Of one question. Default 1000. */
  timeoutMs?: number
  fetch?: typeof globalThis.fetch
  signal?: AbortSignal
}

const POLL_MS = 50

function open(owner: Pick<Owner, 'record' | 'token'>, fetch: DiscoveryOptions['fetch']): Client<AppContract> {
  const { record, token } = owner
  const baseUrl = record.control.url
  return createClient(createHttpTransport({ baseUrl, token, prover: nodeProver, ...(fetch === undefined ? {} : { fetch }) }))
}

async function ask(paths: DataPaths, timeoutMs: number, fetch: DiscoveryOptions['fetch']): Promise<Owner | null> {
  const record = readOwnerRecord(paths)
  const token = readControlKey(controlKeyFile(paths))?.token
  if (record === null || token === undefined) return null
  try {
    const info = await open({ record, token }, fetch).call('app.info', {}, { signal: AbortSignal.timeout(timeoutMs) })
    return info.instance_id === record.instanceId ? { record, info, token } : null
  } catch {
    return null
  }
}

/**
 * The process that owns the data folder, or null when nobody does. The file alone is never believed, nor is a pid: the owner must
 * answer and prove that it knows the token. While the lock is held but nobody answers, it asks again until `patienceMs` are over. While
 * the lock is free nobody is asked at all: the port of an owner that died may be a stranger's by now.
 */
export async function findOwner(paths: DataPaths, options: DiscoveryOptions = {}): Promise<Owner | null> {
  const { patienceMs = 5000, timeoutMs = 1000, fetch, signal } = options
  const deadline = Date.now() + patienceMs
  for (;;) {
    if (!isLocked(paths.ownerLock)) return null
    const owner = await ask(paths, timeoutMs, fetch)
    if (owner !== null || signal?.aborted === true) return owner
    if (Date.now() >= deadline) return null
    await sleep(POLL_MS)
  }
}

/** Calls to the owner, with whom they go to. */
export type OwnerClient = Client<AppContract> & { owner: Owner }

/** A client of the owner, or null when nobody owns the data folder. */
export async function connectOwner(paths: DataPaths, options: DiscoveryOptions = {}): Promise<OwnerClient | null> {
  const owner = await findOwner(paths, options)
  return owner === null ? null : { ...open(owner, options.fetch), owner }
}

/** What a second owner is told; null: the first holds the lock, but does not answer. */
export function alreadyRunning(owner: Owner | null): AppError {
  const hint = 'Use the one that runs, or end it first.'
  if (owner === null) return new AppError('already_running', 'MLX Knife already runs, but does not answer.', { hint })
  const { info, record } = owner
  const url = record.api?.url ?? null
  return new AppError('already_running', `MLX Knife already runs: pid ${info.pid}, ${url ?? record.control.url}.`, {
    hint,
    data: { pid: info.pid, kind: info.kind, url, control_url: record.control.url },
  })
}

/** Waits until nobody owns the data folder. @returns false when somebody still does after `patienceMs` */
export async function waitUntilFree(
  paths: DataPaths,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  while (isLocked(paths.ownerLock)) {
    if (Date.now() >= deadline || signal.aborted) return false
    await sleep(POLL_MS)
  }
  return true
}

/** Who is said to hold the data folder that somebody holds for sure; null when nobody does, a pid of null when nobody knows. */
export function readLockedRecord(paths: DataPaths): { pid: number | null } | null {
  return isLocked(paths.ownerLock) ? { pid: readOwnerRecord(paths)?.pid ?? null } : null
}
