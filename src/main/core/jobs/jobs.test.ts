import { describe, expect, test, vi } from 'vitest'
import type { InstallProgress, Job } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { createJobs, type Runner } from '.'

const progress = (message: string): InstallProgress => ({ step: 'self_test', message, fraction: null })

/** Work that goes on step by step, as the test says. */
function controlled() {
  let go: (end?: Error | 'done') => void = () => undefined
  let signalOf: AbortSignal | null = null
  const run: Runner = async function* (signal) {
    signalOf = signal
    for (let step = 1; ; step++) {
      yield progress(`step ${step}`)
      const end = await new Promise<Error | 'done' | undefined>((resolve, reject) => {
        go = resolve
        const stop = (): void => reject(signal.reason as Error)
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      })
      if (end === 'done') return
      if (end !== undefined) throw end
    }
  }
  return { run, go: (end?: Error | 'done') => go(end), signal: () => signalOf }
}

function setUp(run: Runner, onUnforeseen?: (error: unknown) => void) {
  let last = 0
  return createJobs({
    runners: { 'engine.install': run, 'engine.update': run, 'engine.rollback': run, 'engine.remove': run },
    newId: () => `job-${++last}`,
    now: () => 0,
    ...(onUnforeseen === undefined ? {} : { onUnforeseen }),
  })
}
const never = (): AbortSignal => new AbortController().signal

async function last(events: AsyncIterable<Job>): Promise<Job | undefined> {
  let job: Job | undefined
  for await (const event of events) job = event
  return job
}

describe('jobs', () => {
  test('tell their progress to whoever watches and end with their result', async () => {
    const work = controlled()
    const jobs = setUp(work.run)
    const { id } = jobs.start('engine.install')
    const watching = jobs.watch(id, never())[Symbol.asyncIterator]()
    await vi.waitFor(() => expect(jobs.list()[0]?.progress?.message).toBe('step 1'))
    expect((await watching.next()).value).toMatchObject({ state: 'running', progress: { message: 'step 1' } })
    work.go('done')
    expect((await watching.next()).value).toMatchObject({ state: 'done', ended_at: '1970-01-01T00:00:00.000Z', error: null })
    expect((await watching.next()).done).toBe(true)
  })

  test('a second start joins the one that runs; after its end a new one begins', async () => {
    const work = controlled()
    const jobs = setUp(work.run)
    const first = jobs.start('engine.install')
    expect(jobs.start('engine.install')).toEqual(first)
    await jobs.cancel(first.id)
    expect(jobs.start('engine.install')).not.toEqual(first)
    await jobs.close()
  })

  test('live on when their watcher leaves', async () => {
    const work = controlled()
    const jobs = setUp(work.run)
    const { id } = jobs.start('engine.install')
    for await (const job of jobs.watch(id, never())) if (job.state === 'running') break
    expect(work.signal()?.aborted).toBe(false)
    expect(jobs.list()[0]?.state).toBe('running')
    await jobs.close()
  })

  test('cancelling aborts the work and resolves when it has ended', async () => {
    const work = controlled()
    const jobs = setUp(work.run)
    const { id } = jobs.start('engine.install')
    const watched = last(jobs.watch(id, never()))
    await jobs.cancel(id)
    expect(work.signal()?.aborted).toBe(true)
    expect(await watched).toMatchObject({ state: 'cancelled', error: null })
    await jobs.cancel(id)
  })

  test('a foreseen failure keeps its code; another is hidden and reported', async () => {
    const reported: unknown[] = []
    const failWith = async (error: Error): Promise<Job | undefined> => {
      const jobs = setUp(
        async function* () {
          yield progress('x')
          throw error
        },
        (unforeseen) => reported.push(unforeseen),
      )
      return last(jobs.watch(jobs.start('engine.install').id, never()))
    }
    expect(await failWith(new AppError('disk_full', 'No space.'))).toMatchObject({ state: 'failed', error: { code: 'disk_full' } })
    expect(reported).toEqual([])
    const strange = new Error('/home/somebody')
    expect(await failWith(strange)).toMatchObject({ state: 'failed', error: { code: 'internal', data: { request_id: 'job-1' } } })
    expect(reported).toEqual([strange])
  })

  test('the list stays bounded and forgets the oldest first', async () => {
    const jobs = setUp(async function* () {
      yield progress('x')
    })
    for (let round = 0; round < 30; round++) await last(jobs.watch(jobs.start('engine.install').id, never()))
    expect(jobs.list()).toHaveLength(20)
    expect(jobs.list().at(-1)?.id).toBe('job-30')
    await expect(last(jobs.watch('job-1', never()))).rejects.toMatchObject({ code: 'job_not_found' })
    await expect(jobs.cancel('job-1')).rejects.toMatchObject({ code: 'job_not_found' })
  })

  test('closing cancels what runs and refuses what comes', async () => {
    const jobs = setUp(controlled().run)
    jobs.start('engine.install')
    await jobs.close()
    expect(jobs.list()[0]?.state).toBe('cancelled')
    expect(() => jobs.start('engine.install')).toThrow(expect.objectContaining({ code: 'server_shutdown' }))
  })
})
