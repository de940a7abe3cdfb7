import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { AppError } from '../../../shared/errors'
import type { Downloader, PullPlan, PullRequest, TransferProgress, TransferResult } from '../downloads'
import { createDownloadQueue, type DownloadQueue, type NewDownload } from './queue'
import { createQueueStore } from './store'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-queue-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A transfer that was begun, and how it shall end. */
interface Transfer {
  repo: string
  progress: (doneBytes: number) => void
  finish: () => void
  fail: (error: Error) => void
}

const progressAt = (doneBytes: number): TransferProgress => ({
  files: [{ path: 'model.safetensors', sizeBytes: 100, doneBytes, phase: 'downloading' }],
  totalBytes: 100,
  doneBytes,
  fetchedBytes: doneBytes,
  bytesPerSecond: 10,
  etaSeconds: 5,
  connections: 2,
  note: null,
})

/** A downloader whose transfers end when the test says so. */
function bench(plans: (repo: string) => Partial<PullPlan> | AppError = () => ({})) {
  const transfers: Transfer[] = []
  const discarded: string[] = []
  const unforeseen: unknown[] = []
  let ids = 0
  const downloader: Pick<Downloader, 'plan' | 'run' | 'discard'> = {
    plan: async (request) => {
      await Promise.resolve()
      const said = plans(request.repo)
      if (said instanceof AppError) throw said
      const base = { repo: request.repo, revision: 'main', commit: 'c'.repeat(40), root: '/r', folder: 'f', files: [], skipped: [] }
      const disk = { freeBytes: 1000, neededBytes: 100, fits: true }
      return { ...base, tree: [], totalBytes: 100, fetchBytes: 100, disk, gated: false, tags: [], licence: null, ...said }
    },
    run: ({ repo }, signal, onProgress) =>
      new Promise<TransferResult>((resolve, reject) => {
        const stop = (): void => reject(new AppError('cancelled', 'Stopped.'))
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop)
        transfers.push({
          repo,
          progress: (done) => onProgress(progressAt(done)),
          finish: () => resolve({ fetchedBytes: 100, reusedBytes: 0, snapshot: '/r/f' }),
          fail: reject,
        })
      }),
    discard: (repo) => {
      discarded.push(repo)
      return Promise.resolve()
    },
  }
  const open = (waitCapMs = 20, now: () => number = Date.now): DownloadQueue =>
    createDownloadQueue({
      downloader,
      store: createQueueStore(folder),
      limits: () => ({ connections: 8, bytesPerSecond: null }),
      judge: () => Promise.resolve({ health: 'healthy', reason: null }),
      onModels: () => undefined,
      newId: () => `id-${(ids += 1)}`,
      onUnforeseen: (error) => unforeseen.push(error),
      waitCapMs,
      now,
    })
  const started = (repo: string): Promise<Transfer> =>
    vi.waitFor(() => {
      const found = transfers.findLast((each) => each.repo === repo)
      if (found === undefined) throw new Error(`${repo} has not started`)
      return found
    })
  return { open, started, transfers, discarded, unforeseen }
}

const wish = (repo: string, more: Partial<NewDownload> = {}): NewDownload => {
  const request: PullRequest = { repo, revision: null, include: [], exclude: [], all: false }
  return { request, replaceDamaged: false, limits: null, first: false, ...more }
}
const states = (queue: DownloadQueue): string[] => queue.list().map(({ model, state }) => `${model} ${state}`)
const reaches = (queue: DownloadQueue, ...wanted: string[]): Promise<void> =>
  vi.waitFor(() => expect(states(queue)).toEqual(wanted))

describe('the queue of downloads', () => {
  test('runs one after the other, in order, and says what came of each', async () => {
    const { open, started } = bench()
    const queue = open()
    await queue.add(wish('a'))
    await queue.add(wish('b'))
    const first = await started('a')
    first.progress(40)
    expect(queue.list()[0]).toMatchObject({
      state: 'downloading',
      done_bytes: 40,
      total_bytes: 100,
      eta_seconds: 5,
      connections: 2,
    })
    expect(states(queue)).toEqual(['a downloading', 'b queued'])
    first.finish()
    ;(await started('b')).finish()
    await reaches(queue, 'b done', 'a done')
    expect(queue.list()[0]).toMatchObject({ health: 'healthy', snapshot_path: '/r/f', error: null })
    await queue.close()
  })

  test('takes an urgent wish at once, beside what runs', async () => {
    const { open, started } = bench()
    const queue = open()
    await queue.add(wish('a'))
    await started('a')
    await queue.add(wish('now', { first: true }))
    await started('now')
    expect(states(queue)).toEqual(['a downloading', 'now downloading'])
    await queue.close()
  })

  test('a second wish for the same is the first', async () => {
    const { open } = bench()
    const queue = open()
    const first = await queue.add(wish('org/A'))
    const second = await queue.add(wish('org/a'))
    expect(second.id).toBe(first.id)
    expect(queue.list()).toHaveLength(1)
    await queue.close()
  })

  test('can be put in another order', async () => {
    const { open, started } = bench()
    const queue = open()
    for (const repo of ['a', 'b', 'c']) await queue.add(wish(repo))
    await started('a')
    await queue.move(queue.list()[2]?.id ?? '', 1)
    expect(states(queue)).toEqual(['a downloading', 'c queued', 'b queued'])
    await queue.close()
  })

  test('pauses one and goes on with the next; resumed, it goes on too', async () => {
    const { open, started, transfers } = bench()
    const queue = open()
    const { id } = await queue.add(wish('a'))
    await queue.add(wish('b'))
    await started('a')
    await queue.pause(id)
    await started('b')
    expect(states(queue)).toEqual(['a paused', 'b downloading'])
    await queue.resume(id)
    expect(states(queue)).toEqual(['a queued', 'b downloading'])
    ;(await started('b')).finish()
    await vi.waitFor(() => expect(transfers.filter(({ repo }) => repo === 'a')).toHaveLength(2))
    await queue.close()
  })

  test('cancelled, what was fetched is removed, unless it is kept', async () => {
    const { open, started, discarded } = bench()
    const queue = open()
    const a = await queue.add(wish('a'))
    const b = await queue.add(wish('b'))
    await started('a')
    await queue.cancel(a.id, { keep: false })
    expect(discarded).toEqual(['a'])
    await started('b')
    await queue.cancel(b.id, { keep: true })
    expect(discarded).toEqual(['a'])
    expect(states(queue).sort()).toEqual(['a cancelled', 'b cancelled'])
    await queue.clear(null)
    expect(queue.list()).toEqual([])
    await queue.close()
  })

  test.each([
    new AppError('network_failed', 'The Hub cannot be reached.'),
    new AppError('hub_failed', 'The Hub has a problem.'),
    new AppError('hub_rate_limited', 'Slow down.', { data: { retry_after_seconds: 1 } }),
    new AppError('disk_full', 'The disk is full.'),
    new AppError('busy', 'Another process is at it.'),
  ])('waits for what passes by itself, and goes on: $code', async (error) => {
    const { open, started, transfers } = bench()
    const patient = open(3_600_000)
    const { id } = await patient.add(wish('a'))
    ;(await started('a')).fail(error)
    await vi.waitFor(() => expect(patient.list()[0]).toMatchObject({ state: 'waiting', error: { code: error.code } }))
    expect(patient.list()[0]?.note).toContain(error.message)
    await patient.resume(id)
    await vi.waitFor(() => expect(transfers).toHaveLength(2))
    await patient.close()
    // With a wait that passes, nobody has to say so.
    const queue = open()
    await vi.waitFor(() => expect(transfers).toHaveLength(3))
    transfers[2]?.fail(error)
    await vi.waitFor(() => expect(transfers).toHaveLength(4))
    transfers[3]?.finish()
    await reaches(queue, 'a done')
    await queue.close()
  })

  test('a full disk stops it before a byte is fetched, and room lets it go on', async () => {
    let fits = false
    const { open, transfers } = bench(() => ({ disk: { freeBytes: 1, neededBytes: 100, fits } }))
    const queue = open()
    await queue.add(wish('a'))
    await vi.waitFor(() => expect(queue.list()[0]?.error).toMatchObject({ code: 'disk_full' }))
    expect(transfers).toEqual([])
    fits = true
    await vi.waitFor(() => expect(transfers).toHaveLength(1))
    await queue.close()
  })

  test('what does not pass by itself fails with the reason, and the next begins', async () => {
    const { open, started } = bench((repo) => (repo === 'a' ? new AppError('access_denied', 'It is gated.', { hint: 'Ask.' }) : {}))
    const queue = open()
    const { id } = await queue.add(wish('a'))
    await queue.add(wish('b'))
    await started('b')
    expect(states(queue)).toEqual(['b downloading', 'a failed'])
    expect(queue.list()[1]?.error).toMatchObject({ code: 'access_denied', hint: 'Ask.' })
    await queue.resume(id)
    expect(states(queue)).toEqual(['b downloading', 'a queued'])
    await queue.close()
  })

  test('complete but wrong files are replaced by somebody’s word only', async () => {
    const file = { path: 'x', sizeBytes: 1, blob: 'b', algorithm: 'sha256', state: 'missing', haveBytes: 0, damaged: true } as const
    const { open, started } = bench(() => ({ files: [file] }))
    const queue = open()
    const { id } = await queue.add(wish('a'))
    await reaches(queue, 'a failed')
    expect(queue.list()[0]?.error).toMatchObject({ code: 'requires_confirmation', data: { damaged: ['x'] } })
    await queue.resume(id)
    await started('a')
    await queue.close()
  })

  test('outlives its process: what ran or waited goes on, what was paused stays so, what ended is remembered', async () => {
    const one = bench()
    const queue = one.open()
    const a = await queue.add(wish('a'))
    const b = await queue.add(wish('b'))
    await queue.add(wish('c'))
    await queue.pause(b.id)
    ;(await one.started('a')).finish()
    await vi.waitFor(() => expect(queue.list().find(({ id }) => id === a.id)?.state).toBe('done'))
    ;(await one.started('c')).progress(30)
    await queue.close()
    const two = bench()
    const again = two.open()
    expect(states(again)).toEqual(['b paused', 'c queued', 'a done'])
    await two.started('c')
    await again.close()
  })

  test('a clock that is set back makes nothing wait, and the list can be read again', async () => {
    let skewMs = 0
    const now = (): number => Date.now() + skewMs
    const { open, started, transfers, unforeseen } = bench()
    const queue = open(20, now)
    await queue.add(wish('a'))
    const first = await started('a')
    skewMs = -7_200_000
    first.progress(10)
    expect(queue.list()[0]?.elapsed_seconds).toBeGreaterThanOrEqual(0)
    first.fail(new AppError('network_failed', 'The Hub cannot be reached.'))
    skewMs = -14_400_000
    await vi.waitFor(() => expect(transfers).toHaveLength(2))
    transfers[1]?.progress(20)
    await queue.close()
    const again = open(20, now)
    expect(states(again)).toEqual(['a queued'])
    expect(unforeseen).toEqual([])
    await again.close()
  })

  test('watching tells the files, and ends with it', async () => {
    const { open, started } = bench()
    const queue = open()
    const { id } = await queue.add(wish('a'))
    const seen: string[] = []
    const watched = (async () => {
      for await (const { download, files } of queue.watch(id, new AbortController().signal))
        seen.push(`${download.state} ${files.map(({ path, done_bytes: done }) => `${path}:${done}`).join()}`)
    })()
    const transfer = await started('a')
    transfer.progress(40)
    await vi.waitFor(() => expect(seen).toContain('downloading model.safetensors:40'))
    transfer.finish()
    await watched
    expect(seen.at(-1)).toMatch(/^done/)
    await queue.close()
  })

  test.each(['not json', '{"version":2}', '{"version":1,"entries":[{"id":1}]}'])(
    'a list that makes no sense is set aside: %s',
    async (text) => {
      writeFileSync(join(folder, 'queue.json'), text)
      const { open, unforeseen } = bench()
      const queue = open()
      expect(queue.list()).toEqual([])
      expect(unforeseen).toHaveLength(1)
      expect(readFileSync(join(folder, 'queue.json.unreadable'), 'utf8')).toBe(text)
      expect(existsSync(join(folder, 'queue.json'))).toBe(false)
      await queue.close()
    },
  )

  test('an unknown one is download_not_found', async () => {
    const { open } = bench()
    const queue = open()
    await expect(queue.pause('x')).rejects.toMatchObject({ code: 'download_not_found' })
    await expect(queue.move('x', 0)).rejects.toMatchObject({ code: 'download_not_found' })
    await queue.close()
  })
})
