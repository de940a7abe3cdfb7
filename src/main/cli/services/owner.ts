import type { AppContract, AppState, OwnerKind } from '../../../shared/contract'
import type { RunningOwner } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { App, AppOptions } from '../../app'
import { connectOwner, type OwnerClient } from '../../core/ownership'
import type { Context } from '../context'

/** A connection to the owner of the data folder, or this process as the owner: then `app` is ours and `close` ends it. */
export interface Session {
  client: Client<AppContract>
  /** null: this process is the owner. */
  owner: RunningOwner | null
  app: App | null
  close: () => Promise<void>
}

/** A client of the owner of the data folder, null when nobody owns it. */
export function connectToOwner({ paths }: Pick<Context, 'paths'>, signal?: AbortSignal): Promise<OwnerClient | null> {
  return connectOwner(paths, signal === undefined ? {} : { signal })
}

export function toRunningOwner({ owner: { record, info } }: OwnerClient): RunningOwner {
  const { control, api } = record
  return { pid: info.pid, kind: info.kind, version: info.version, control_url: control.url, api_url: api?.url ?? null }
}

/** The owner, for what only an owner can do. @throws AppError connection_lost when nobody owns the data folder */
export async function requireOwner(context: Context, hint: string): Promise<OwnerClient> {
  const owner = await connectToOwner(context, context.interruption().signal)
  if (owner !== null) return owner
  throw new AppError('connection_lost', 'MLX Knife is not running, and models stay loaded only in one that does.', { hint })
}

/** The owner's state as it is now. @throws AppError connection_lost */
export async function readState(client: Client<AppContract>): Promise<AppState> {
  const frames = client.stream('state.watch', {})
  try {
    const first = await frames.next()
    // The first frame is complete.
    if (first.done !== true) return first.value.changes as AppState
    throw new AppError('connection_lost', 'MLX Knife does not say its state.', { hint: 'Try again.' })
  } finally {
    await frames.return()
  }
}

/** Makes this process the owner. @throws AppError already_running (data: pid, url) */
export async function own(context: Context, kind: OwnerKind, log: Pick<AppOptions, 'logLevel' | 'logTap'> = {}): Promise<App> {
  const { createApp } = await import('../../app')
  const { env, platform } = context
  return await createApp({ env, platform, layout: context.layout(), kind, scanInWorker: true, ...log })
}

/** The owner that is there already, or this process as the owner. */
export async function attachOrOwn(context: Context, kind: OwnerKind): Promise<Session> {
  const running = await connectToOwner(context, context.interruption().signal)
  if (running !== null) return { client: running, owner: toRunningOwner(running), app: null, close: () => Promise.resolve() }
  const app = await own(context, kind)
  const { createClient } = await import('../../../shared/rpc')
  const client = createClient<AppContract>({ open: app.dispatcher })
  return { client, owner: null, app, close: () => app.close() }
}
