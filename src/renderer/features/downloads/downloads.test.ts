import { describe, expect, it, vi } from 'vitest'
import type { Download } from '../../../shared/contract'
import { connectionChoices, speedChoices } from './limits'
import { AppError } from '../../../shared/errors'
import { createFormatters } from '../../lib/format'
import { en } from '../../lib/messages/en'
import { fakeClient } from '../../testing/fake-client'
import { aDownload } from '../../testing/downloads'
import { foldFiles, groupDownloads, joinFiles, plotPoints, roundTop, stepFrom, termsPage, totalsOf } from './model'
import { downloadNotes } from './notes'
import { rowWords } from './row-words'
import { createDownloadActions, createDownloadsStore } from './store'

const format = createFormatters('en-GB', en.time)
const words = (more: Partial<Download>) => rowWords(aDownload('org/m', more), { t: en, format, isNext: true })
const list = [
  aDownload('org/a', { state: 'downloading', total_bytes: 10e9, done_bytes: 4e9, bytes_per_second: 50e6, connections: 8 }),
  aDownload('org/b', { state: 'queued', total_bytes: 2e9 }),
  aDownload('org/c', { state: 'paused', total_bytes: 4e9, done_bytes: 1e9 }),
  aDownload('org/d', { state: 'failed' }),
  aDownload('org/e', { state: 'done', total_bytes: 1e9, done_bytes: 1e9 }),
]

describe('the queue as it is shown', () => {
  it('has what runs, what hinders, what waits and what has ended, each in the order of the queue', () => {
    expect(groupDownloads(list).map(({ name, downloads }) => [name, ...downloads.map(({ id }) => id)])).toEqual([
      ['now', 'org/a'],
      ['problems', 'org/d'],
      ['waiting', 'org/b', 'org/c'],
      ['ended', 'org/e'],
    ])
  })

  it('sums what is to go, and tells a time only of what goes on by itself', () => {
    expect(totalsOf(list)).toEqual({
      toGo: 3,
      leftBytes: 11e9,
      bytesPerSecond: 50e6,
      connections: 8,
      fraction: 0.4,
      etaSeconds: 160,
    })
    expect(totalsOf([...list, aDownload('org/f', { state: 'queued', total_bytes: null })]).etaSeconds).toBeNull()
    expect(totalsOf([]).fraction).toBeNull()
  })

  it('moves among those that wait, never before one that runs', () => {
    expect(stepFrom(list, 'org/b', -1)).toBeNull()
    expect(stepFrom(list, 'org/b', 1)).toBe(2)
    expect(stepFrom(list, 'org/c', -1)).toBe(1)
    expect(stepFrom(list, 'org/c', 1)).toBeNull()
    expect(stepFrom(list, 'org/e', -1)).toBeNull()
  })

  it('tells small files together only where there are many', () => {
    const file = (path: string, size: number, phase: 'done' | 'queued' = 'done') => ({
      path,
      size_bytes: size,
      done_bytes: phase === 'done' ? size : 0,
      phase,
    })
    const few = [file('a', 1), file('b', 5e9)]
    expect(foldFiles(few)).toEqual({ shown: few, small: [] })
    const many = [...few, ...'cdefghi'.split('').map((path) => file(path, 10, 'queued'))]
    const { shown, small } = foldFiles(many)
    expect(shown.map(({ path }) => path)).toEqual(['b'])
    expect(joinFiles(small, '8 small files')).toEqual({ path: '8 small files', size_bytes: 71, done_bytes: 1, phase: 'queued' })
  })

  it('draws the last minute from the right, under a round top', () => {
    expect(roundTop([3e6, 41e6])).toBe(50e6)
    expect(roundTop([0])).toBe(0)
    expect(plotPoints([0, 50], 50, 59, 10)).toEqual([
      [58, 10],
      [59, 0],
    ])
    expect(plotPoints([0], 0, 59, 10)).toEqual([[59, 10]])
  })
})

describe('what a row says', () => {
  it('is time and speed while it runs, and what is kept while it rests', () => {
    const running = { state: 'downloading', total_bytes: 16.9e9, done_bytes: 10.6e9, bytes_per_second: 45.1e6 } as const
    expect(words({ ...running, eta_seconds: 130 })).toMatchObject({
      line: '2 min 10 s left',
      beside: '10.6 GB of 16.9 GB · 45.1 MB/s',
    })
    expect(words({ ...running, state: 'paused' })).toMatchObject({ line: 'Paused by you', beside: '10.6 GB of 16.9 GB kept' })
    expect(words({ state: 'queued', total_bytes: null })).toMatchObject({ line: 'Next in the queue', beside: '' })
  })

  it('is why it waits and that it goes on by itself, or why it failed and the way out', () => {
    const error = { code: 'disk_full' as const, message: 'The disk has too little room.', hint: 'Free some.' }
    expect(words({ state: 'waiting', total_bytes: 2e9, done_bytes: 1e9, error })).toEqual({
      line: 'The disk is full. The disk has too little room.',
      tone: 'warn',
      beside: '1.0 GB of 2.0 GB kept · Going on by itself.',
    })
    expect(words({ state: 'failed', error })).toMatchObject({ tone: 'bad', beside: 'Free some.' })
  })

  it('is the health of what is whole', () => {
    const done = { state: 'done', total_bytes: 2e9, done_bytes: 2e9, elapsed_seconds: 75 } as const
    expect(words({ ...done, health: 'healthy' })).toEqual({
      line: '2.0 GB in 1 min 15 s',
      tone: 'plain',
      beside: 'Healthy, every hash checked',
    })
    expect(words({ ...done, health: 'unhealthy', reason: 'No config' })).toMatchObject({
      tone: 'warn',
      beside: 'It will not load: No config',
    })
  })

  it('names the page of the terms only for a model that asks to accept them', () => {
    const gated = { code: 'access_denied', data: { page: 'https://hub/org/m' } }
    expect(termsPage({ error: gated })).toBe('https://hub/org/m')
    expect(termsPage({ error: { ...gated, code: 'hub_failed' } })).toBeNull()
    expect(termsPage({ error: { ...gated, data: { page: 'javascript:alert(1)' } } })).toBeNull()
    expect(termsPage({ error: null })).toBeNull()
  })
})

function setUp(methods: Parameters<typeof fakeClient>[0] = {}) {
  const store = createDownloadsStore()
  const { client, asked } = fakeClient({
    'downloads.cancel': () => ({ downloads: [] }),
    'downloads.move': () => ({ downloads: [] }),
    ...methods,
  })
  let tick: (() => void) | null = null
  const onEnded = vi.fn<(download: Download) => void>()
  const onCancelled = vi.fn<(download: Download) => void>()
  const actions = createDownloadActions({
    client,
    store,
    every: (_ms, act) => {
      tick = act
      return () => (tick = null)
    },
    onEnded,
    onCancelled,
  })
  return { store, asked, actions, onEnded, onCancelled, tick: () => tick?.(), isTicking: () => tick !== null }
}

describe('actions of the queue', () => {
  it('takes a sample a second of the last minute while something is fetched, and rests a minute after', () => {
    const { store, actions, tick, isTicking } = setUp()
    actions.mirror(list.slice(1))
    expect(isTicking()).toBe(false)
    actions.mirror(list)
    tick()
    expect(store.getState()).toMatchObject({ samples: [50e6], highest: 50e6 })
    actions.mirror(list.slice(1))
    for (let second = 0; second < 60; second += 1) tick()
    expect(store.getState()).toMatchObject({ samples: [], highest: 50e6 })
    expect(isTicking()).toBe(false)
  })

  it('asks before fetched bytes would go, and cancels at once what has none, to be taken back', async () => {
    const { store, asked, actions, onCancelled } = setUp()
    actions.askCancel(aDownload('org/a', { done_bytes: 5 }))
    expect(store.getState().cancelling).toBe('org/a')
    expect(asked).toEqual([])
    await actions.cancel('org/a', false)
    expect(asked).toEqual([['downloads.cancel', { id: 'org/a', keep: false }]])
    actions.askCancel(aDownload('org/b', { state: 'queued' }))
    await vi.waitFor(() => expect(onCancelled).toHaveBeenCalledOnce())
    expect(asked).toHaveLength(2)
  })

  it('tells of the end of one that was under way, not of those that had ended before the window looked', () => {
    const { actions, onEnded } = setUp()
    actions.mirror(list)
    expect(onEnded).not.toHaveBeenCalled()
    actions.mirror([aDownload('org/a', { state: 'done' }), ...list.slice(1)])
    expect(onEnded).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: 'org/a' }))
  })

  it('keeps why something could not be done', async () => {
    const { store, actions } = setUp({
      'downloads.pause': () => {
        throw new AppError('download_not_found', 'There is no such download.')
      },
    })
    await actions.pause('x')
    expect(store.getState().error?.code).toBe('download_not_found')
  })
})

describe('notes of downloads', () => {
  it('are about the end, unless the downloads are in sight', () => {
    const tell = vi.fn<(text: string, action?: { label: string; act: () => void } | null) => void>()
    const openChat = vi.fn<(model: string) => void>()
    let shown = false
    const notes = downloadNotes({
      t: en.downloads,
      undo: 'Undo',
      tell,
      openChat,
      goDownloads: () => undefined,
      isShown: () => shown,
      resume: () => undefined,
    })
    notes.onEnded(aDownload('mlx-community/m', { state: 'done', health: 'healthy' }))
    expect(tell.mock.calls[0]?.[0]).toBe('m is downloaded and checked')
    tell.mock.calls[0]?.[1]?.act()
    expect(openChat).toHaveBeenCalledWith('mlx-community/m')
    notes.onEnded(aDownload('org/m', { state: 'failed' }))
    expect(tell.mock.calls[1]?.[0]).toBe('m could not be downloaded')
    shown = true
    notes.onEnded(aDownload('org/m', { state: 'failed' }))
    expect(tell).toHaveBeenCalledTimes(2)
  })
})

describe('the speed limit', () => {
  it('offers what is usual, and what was set elsewhere in its place', () => {
    expect(speedChoices(null)).toEqual([null, 1, 5, 10, 25, 50, 100])
    expect(speedChoices(10)).toEqual([null, 1, 5, 10, 25, 50, 100])
    expect(speedChoices(0.5)).toEqual([null, 0.5, 1, 5, 10, 25, 50, 100])
    expect(connectionChoices(8)).toEqual([1, 2, 4, 8, 16])
    expect(connectionChoices(3)).toEqual([1, 2, 3, 4, 8, 16])
  })
})
