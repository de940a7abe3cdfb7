import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, Download, DownloadRequest } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import { isRunning, PLOT_SECONDS, stepFrom, totalsOf, type DownloadFile, type Samples } from './model'

export interface DownloadsState {
  /** As the owner says; null until it has. */
  downloads: readonly Download[] | null
  samples: Samples
  /** Highest since the window opened, bytes per second. */
  highest: number
  /** By id: whether somebody folded its files out or in. */
  unfolded: Readonly<Record<string, boolean>>
  /** Files of those that are folded out, by id. */
  files: Readonly<Record<string, readonly DownloadFile[]>>
  /** Whose cancelling is asked about. */
  cancelling: string | null
  /** What could not be done last. */
  error: SerializedError | null
}

export type DownloadsStore = StoreApi<DownloadsState>

export function createDownloadsStore(): DownloadsStore {
  return createStore<DownloadsState>(() => ({
    downloads: null,
    samples: [],
    highest: 0,
    unfolded: {},
    files: {},
    cancelling: null,
    error: null,
  }))
}

export interface DownloadActions {
  /** Takes the owner's list in place of the one that was here; nothing when it said none. */
  mirror: (downloads: readonly Download[] | undefined) => void
  /** The new download, or null when it was refused; the reason is in the store then. */
  add: (request: Partial<DownloadRequest> & { model: string }) => Promise<Download | null>
  /** Null: all. */
  pause: (id: string | null) => Promise<void>
  resume: (id: string | null) => Promise<void>
  /** Asks first when something would be lost; else it is cancelled, and can be taken back. */
  askCancel: (download: Download) => void
  closeCancel: () => void
  cancel: (id: string, keep: boolean) => Promise<void>
  /** One place up or down; false when there is none. */
  move: (id: string, step: -1 | 1) => boolean
  clear: (id: string | null) => Promise<void>
  setUnfolded: (id: string, unfolded: boolean) => void
  /** Keeps the files of a download in the store until the returned function is called. */
  watchFiles: (id: string) => () => void
  dismissError: () => void
}

export interface DownloadDeps {
  client: Client<AppContract>
  store: DownloadsStore
  /** Calls `act` again and again, until the returned function is called. */
  every: (ms: number, act: () => void) => () => void
  /** One has ended while the window was looking. */
  onEnded: (download: Download) => void
  /** One was cancelled of which nothing had come yet. */
  onCancelled: (download: Download) => void
}

const SAMPLE_MS = 1000

export function createDownloadActions({ client, store, every, onEnded, onCancelled }: DownloadDeps): DownloadActions {
  let stopSampling: (() => void) | null = null

  const sample = (): void => {
    const { downloads, samples, highest } = store.getState()
    const now = totalsOf(downloads ?? []).bytesPerSecond
    const next = [...samples, now].slice(-PLOT_SECONDS)
    const isOver = !(downloads ?? []).some(isRunning) && next.every((value) => value === 0)
    store.setState({ samples: isOver ? [] : next, highest: Math.max(highest, now) })
    if (!isOver) return
    stopSampling?.()
    stopSampling = null
  }
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      store.setState({ error: null })
      return true
    } catch (error) {
      store.setState({ error: toFailure(error) })
      return false
    }
  }

  return {
    mirror: (downloads) => {
      if (downloads === undefined) return
      const before = new Map((store.getState().downloads ?? []).map((download) => [download.id, download.state]))
      store.setState({ downloads })
      if (downloads.some(isRunning)) stopSampling ??= every(SAMPLE_MS, sample)
      for (const download of downloads) {
        const was = before.get(download.id)
        if (was === undefined || was === download.state) continue
        if (download.state === 'done' || download.state === 'failed') onEnded(download)
      }
    },
    add: async (request) => {
      let added: Download | null = null
      await attempt(async () => {
        added = await client.call('downloads.add', request)
      })
      return added
    },
    pause: async (id) => void (await attempt(() => client.call('downloads.pause', { id }))),
    resume: async (id) => void (await attempt(() => client.call('downloads.resume', { id }))),
    askCancel: (download) => {
      if (download.done_bytes > 0) return store.setState({ cancelling: download.id })
      void attempt(() => client.call('downloads.cancel', { id: download.id, keep: true })).then((isDone) =>
        isDone ? onCancelled(download) : undefined,
      )
    },
    closeCancel: () => store.setState({ cancelling: null }),
    cancel: async (id, keep) => {
      store.setState({ cancelling: null })
      await attempt(() => client.call('downloads.cancel', { id, keep }))
    },
    move: (id, step) => {
      const to = stepFrom(store.getState().downloads ?? [], id, step)
      if (to === null) return false
      void attempt(() => client.call('downloads.move', { id, to }))
      return true
    },
    clear: async (id) => void (await attempt(() => client.call('downloads.clear', { id }))),
    setUnfolded: (id, unfolded) => store.setState((state) => ({ unfolded: { ...state.unfolded, [id]: unfolded } })),
    watchFiles: (id) => {
      const controller = new AbortController()
      const follow = async (): Promise<void> => {
        for await (const { files } of client.stream('downloads.watch', { id }, { signal: controller.signal }))
          store.setState((state) => ({ files: { ...state.files, [id]: files } }))
      }
      // It has ended, or the connection has: the row itself says so.
      follow().catch(() => undefined)
      return () => controller.abort()
    },
    dismissError: () => store.setState({ error: null }),
  }
}
