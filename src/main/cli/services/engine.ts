import type { AppContract, EngineStatus, InstallProgress, Job } from '../../../shared/contract'
import { AppError, fromSerializedError, isErrorCode } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { Context } from '../context'
import { openSettings } from './catalog'
import { connectToOwner } from './owner'

/** The engine's environment: through the owner when there is one, so that the window sees what happens, else in this process. */
export interface EngineAccess {
  status: () => Promise<EngineStatus>
  /** Aborting ends the work. @throws AppError engine_install_failed, disk_full, busy, cancelled */
  change: (kind: EngineChange, signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
}

export type EngineChange = 'install' | 'update' | 'rollback' | 'remove'

export async function openEngine(context: Context): Promise<EngineAccess> {
  const owner = await connectToOwner(context)
  if (owner !== null) {
    return { status: () => owner.call('engine.status', {}), change: (kind, signal) => changeThrough(owner, kind, signal) }
  }
  const { createEngineEnvironment } = await import('../../core/engine')
  const { env, platform, paths } = context
  const environment = createEngineEnvironment({ env, platform, paths, layout: context.layout(), settings: openSettings(context) })
  return { status: environment.status, change: (kind, signal) => environment[kind](signal) }
}

/** Works as a job of the owner, and follows it. Aborting cancels the job. */
export async function* changeThrough(
  client: Client<AppContract>,
  kind: EngineChange,
  signal: AbortSignal,
): AsyncGenerator<InstallProgress, EngineStatus> {
  const { id } = await client.call('jobs.start', { kind: `engine.${kind}` })
  const cancel = (): void => void client.call('jobs.cancel', { id }).catch(() => undefined)
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  try {
    for await (const job of client.stream('jobs.watch', { id })) {
      if (job.progress !== null) yield job.progress
      if (job.state === 'failed') throw toJobError(job)
      if (job.state === 'cancelled') throw new AppError('cancelled', 'The work on the engine was cancelled.')
    }
    return await client.call('engine.status', {})
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** A job's error has its code as a string; one that this version does not know becomes `engine_install_failed`. */
function toJobError({ error }: Job): AppError {
  if (error === null) return new AppError('engine_install_failed', 'The engine was not installed.')
  return fromSerializedError({ ...error, code: isErrorCode(error.code) ? error.code : 'engine_install_failed' })
}
