import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AppState } from '../../../shared/contract'
import { createStatePublisher, watchRoots } from '.'

const state = (revision: number, enabled = false): AppState => ({
  app: { instance_id: 'i', version: '1', contract: 1, kind: 'daemon', pid: 1, started_at: '1970-01-01T00:00:00Z', platform: 'x' },
  server: { state: 'stopped', url: null, port: null, hosts: [], in_flight: 0, error: null },
  engine: {
    state: 'missing',
    source: 'managed',
    python: null,
    versions: null,
    lock: null,
    update_available: false,
    previous: null,
    reason: null,
    hint: null,
  },
  loaded: [],
  jobs: [],
  downloads: [],
  demo: { enabled, models: [] },
  models: { revision },
  appearance: { theme: 'system', language: 'system' },
  chats: { revision: 1 },
})

describe('the state publisher', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('publishes the first change at once and a thousand more in a second as ten', () => {
    let revision = 1
    const publisher = createStatePublisher({ read: () => state(revision) })
    const seen: number[] = []
    publisher.subscribe((now) => seen.push(now.models.revision))
    revision = 2
    publisher.notice()
    expect(seen).toEqual([2])
    for (let ms = 0; ms < 1000; ms++) {
      revision += 1
      publisher.notice()
      vi.advanceTimersByTime(1)
    }
    expect(seen.length).toBeLessThanOrEqual(11)
    vi.advanceTimersByTime(100)
    expect(seen.at(-1)).toBe(1002)
  })

  test('says nothing when nothing changed', () => {
    const publisher = createStatePublisher({ read: () => state(1) })
    const seen: unknown[] = []
    publisher.subscribe((now) => seen.push(now))
    publisher.notice()
    vi.advanceTimersByTime(1000)
    expect(seen).toEqual([])
  })

  test('whoever asks between two publications gets the newest state', async () => {
    let revision = 1
    const publisher = createStatePublisher({ read: () => state(revision) })
    for (revision = 2; revision < 4; revision++) publisher.notice()
    revision = 4
    publisher.notice()
    expect(publisher.current().models.revision).toBe(4)
    revision = 5
    publisher.notice()
    const frame = (await publisher.watch(new AbortController().signal).next()).value!
    expect(frame.changes.models).toEqual({ revision: 5 })
  })

  test('a watcher gets everything first, then what changed, with rising revisions', async () => {
    let now = state(1)
    const publisher = createStatePublisher({ read: () => now })
    const controller = new AbortController()
    const frames = publisher.watch(controller.signal)
    const first = (await frames.next()).value!
    expect(first.changes).toEqual(state(1))
    now = state(2, true)
    publisher.notice()
    const second = (await frames.next()).value!
    expect(second.changes).toEqual({ demo: { enabled: true, models: [] }, models: { revision: 2 } })
    expect(second.revision).toBeGreaterThan(first.revision)
    const pending = frames.next()
    controller.abort()
    expect((await pending).done).toBe(true)
  })
})

describe('the watch on the cache roots', () => {
  const base = mkdtempSync(join(tmpdir(), 'mlxk-roots-'))
  afterEach(() => rmSync(base, { recursive: true, force: true }))

  test('notices models that come, change and go, also in a root that was not there', async () => {
    const root = join(base, 'hub')
    const onChange = vi.fn()
    // Looks are made by hand: the poll would only make them later.
    const watcher = watchRoots({ roots: () => [root], onChange, intervalMs: 3_600_000 })
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(0)
    const model = join(root, 'models--a--b')
    mkdirSync(join(model, 'snapshots'), { recursive: true })
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(1)
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(1)
    mkdirSync(join(model, 'refs'))
    writeFileSync(join(model, 'refs', 'main'), 'x')
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(2)
    // As Python writes a download: the folder of the revision, a link in it, and a ref that is written over.
    const revision = join(model, 'snapshots', 'a'.repeat(40))
    mkdirSync(revision)
    await watcher.check()
    symlinkSync('../../blobs/x', join(revision, 'config.json'))
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(4)
    writeFileSync(join(model, 'refs', 'main'), 'longer')
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(5)
    rmSync(model, { recursive: true })
    await watcher.check()
    expect(onChange).toHaveBeenCalledTimes(6)
    watcher.close()
  })

  test.each([
    [
      'are refused',
      () => {
        throw Object.assign(new Error('no more watches'), { code: 'ENOSPC' })
      },
    ],
    ['end at once', () => ({ close: () => undefined, on: (_event: 'error', listener: () => void) => void setImmediate(listener) })],
    ['say nothing', () => ({ close: () => undefined, on: () => undefined })],
  ])('the poll tells of what comes and goes when the notices of the system %s', async (_how, watch) => {
    const changes: (() => void)[] = []
    const changed = (): Promise<void> => new Promise((resolve) => void changes.push(resolve))
    mkdirSync(base, { recursive: true })
    const watcher = watchRoots({ roots: () => [base], intervalMs: 20, watch, onChange: () => changes.shift()?.() })
    await watcher.check()
    for (const change of [
      () => mkdirSync(join(base, 'models--polled--one')),
      () => rmSync(join(base, 'models--polled--one'), { recursive: true }),
    ]) {
      const told = changed()
      change()
      await expect(told).resolves.toBeUndefined()
    }
    watcher.close()
  })

  test('a new model is noticed by itself', async () => {
    mkdirSync(base, { recursive: true })
    const noticed = new Promise<string>((resolve) => {
      const watcher = watchRoots({
        roots: () => [base],
        intervalMs: 50,
        onChange: () => {
          watcher.close()
          resolve('noticed')
        },
      })
      void watcher.check().then(() => mkdirSync(join(base, 'models--c--d')))
    })
    expect(await noticed).toBe('noticed')
  })
})
