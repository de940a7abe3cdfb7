import type { EngineStatus, InstallProgress, Job } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import { asFailure } from '../../lib/serialized'

/** What the window says of the engine, out of its status and the jobs. */
export type EngineView =
  | { kind: 'unknown' }
  | { kind: 'ready' }
  | { kind: 'missing' }
  | { kind: 'broken'; reason: string | null; hint: string | null }
  | { kind: 'installing'; jobId: string | null; progress: InstallProgress | null }
  | { kind: 'failed'; jobId: string; error: SerializedError | null }

/** The newest work that made or changed the engine. */
export function newestInstall(jobs: readonly Job[]): Job | null {
  return jobs
    .filter((job) => job.kind !== 'engine.remove')
    .reduce<Job | null>((newest, job) => (newest === null || job.started_at >= newest.started_at ? job : newest), null)
}

/** A running installation wins over everything, a failed one only while the engine still does not work. */
export function engineView(engine: EngineStatus | null, jobs: readonly Job[]): EngineView {
  if (engine === null) return { kind: 'unknown' }
  const job = newestInstall(jobs)
  if (job?.state === 'running') return { kind: 'installing', jobId: job.id, progress: job.progress }
  if (engine.state === 'ready') return { kind: 'ready' }
  // Somebody else installs, such as the command line: seen, but not ours to cancel.
  if (engine.state === 'installing') return { kind: 'installing', jobId: null, progress: null }
  if (job?.state === 'failed') return { kind: 'failed', jobId: job.id, error: asFailure(job.error) }
  return engine.state === 'missing' ? { kind: 'missing' } : { kind: 'broken', reason: engine.reason, hint: engine.hint }
}

export type DemoFlow =
  | { step: 'off' }
  | { step: 'enabling' }
  /** Demo models are there; the chat opens when the engine is ready. `jobId`: the installation that was started for it. */
  | { step: 'waiting'; jobId: string | null }
  | { step: 'failed'; error: SerializedError }

export type DemoEvent =
  | { type: 'started' }
  | { type: 'enabled'; jobId: string | null }
  | { type: 'failed'; error: SerializedError | null }
  | { type: 'engine'; view: EngineView }

/** Steps of "Try the built-in demo model"; `open` says that the chat is to be opened now. */
export function demoStep(flow: DemoFlow, event: DemoEvent): { flow: DemoFlow; open: boolean } {
  const stay = { flow, open: false }
  if (event.type === 'started') return { flow: { step: 'enabling' }, open: false }
  if (event.type === 'enabled')
    return flow.step === 'enabling' ? { flow: { step: 'waiting', jobId: event.jobId }, open: false } : stay
  if (event.type === 'failed')
    return { flow: event.error === null ? { step: 'off' } : { step: 'failed', error: event.error }, open: false }
  if (flow.step !== 'waiting') return stay
  if (event.view.kind === 'ready') return { flow: { step: 'off' }, open: true }
  // The engine's own row says why. A failure of an earlier try may still be what the window mirrors: that one is not ours.
  return event.view.kind === 'failed' && event.view.jobId === flow.jobId ? { flow: { step: 'off' }, open: false } : stay
}

/** The demo model to open first: one that only answers, not the looping or the thinking one. */
export function chooseDemoModel(names: readonly string[]): string | null {
  const plain = names.find((name) => !/loop|count|think|reason/i.test(name))
  return plain ?? names[0] ?? null
}
