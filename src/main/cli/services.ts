import type { AppContract, EngineStatus, GenerationEvent, InstallProgress, OwnerKind, SamplingParams } from '../../shared/contract'
import { AppError, fromSerializedError, isErrorCode, type SerializedError } from '../../shared/errors'
import type { Client } from '../../shared/rpc'
import type { App } from '../app'
import type { ModelCatalog } from '../core/models/types'
import type { Settings } from '../core/settings/types'
import type { Context } from './context'

/** Who holds the data folder now, as `doctor` shows it. */
export interface Owner {
  pid: number
  kind: OwnerKind
  version: string
  control_url: string
  api_url: string | null
}

/** A connection to the owner of the data folder, or this process as the owner: then `app` is ours and `close` ends it. */
export interface Session {
  client: Client<AppContract>
  owner: Owner | null
  app: App | null
  close: () => Promise<void>
}

export interface CliMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** The owner's engines, or engines of this process's own that end with `close`. */
export interface CliGenerator {
  generate: (
    request: { model: string; messages: CliMessage[]; params: SamplingParams },
    signal: AbortSignal,
  ) => AsyncIterable<GenerationEvent>
  close: () => Promise<void>
}

export interface EngineAccess {
  status: () => Promise<EngineStatus>
  install: (signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
  close: () => Promise<void>
}

const pending = (): never => {
  throw new AppError('not_implemented', 'This command is being connected.')
}

export function openCatalog(_context: Context): ModelCatalog {
  return pending()
}
export function readSettings(_context: Context): Settings {
  return pending()
}
export async function findRunningOwner(_context: Context): Promise<Owner | null> {
  return pending()
}
export async function own(_context: Context, _kind: OwnerKind): Promise<App> {
  return pending()
}
export async function attachOrOwn(_context: Context, _kind: OwnerKind): Promise<Session> {
  return pending()
}
export async function openGenerator(_context: Context): Promise<CliGenerator> {
  return pending()
}
export async function openEngine(_context: Context): Promise<EngineAccess> {
  return pending()
}

/** Installs as a job of the owner, and follows it. Leaving cancels the job. */
export async function* installThrough(
  client: Client<AppContract>,
  signal: AbortSignal,
): AsyncGenerator<InstallProgress, EngineStatus> {
  const { id } = await client.call('jobs.start', { kind: 'engine.install' })
  const cancel = (): void => void client.call('jobs.cancel', { id }).catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for await (const job of client.stream('jobs.watch', { id })) {
      if (job.progress !== null) yield job.progress
      if (job.state === 'failed' && job.error !== null) throw fromSerializedError(toKnown(job.error))
      if (job.state === 'cancelled') throw new AppError('cancelled', 'The installation was cancelled.')
      if (job.state === 'done') break
    }
    return await client.call('engine.status', {})
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** A job's error has the code as a string; one that this version does not know becomes `internal`. */
function toKnown(error: {
  code: string
  message: string
  hint?: string | undefined
  data?: Record<string, unknown> | undefined
}): SerializedError {
  return { ...error, code: isErrorCode(error.code) ? error.code : 'internal' }
}
