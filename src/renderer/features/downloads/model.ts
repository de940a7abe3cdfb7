import type { Download, DownloadDetail } from '../../../shared/contract'

export type GroupName = 'now' | 'problems' | 'waiting' | 'ended'
export type DownloadFile = DownloadDetail['files'][number]

/** Speed over the last minute, one figure a second, newest last. */
export type Samples = readonly number[]

export const PLOT_SECONDS = 60
/** Smaller files are told together where there are many. */
const SMALL_BYTES = 20e6
const FEW_FILES = 8

export const hasEnded = ({ state }: Pick<Download, 'state'>): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled'

export const isRunning = ({ state }: Pick<Download, 'state'>): boolean => state === 'preparing' || state === 'downloading'

/** Failed ones stand with those that wait for something to be mended: both want somebody's look. */
function groupOf(download: Download): GroupName {
  if (isRunning(download)) return 'now'
  if (download.state === 'failed' || download.state === 'waiting') return 'problems'
  return hasEnded(download) ? 'ended' : 'waiting'
}

const ORDER: readonly GroupName[] = ['now', 'problems', 'waiting', 'ended']

export function groupDownloads(downloads: readonly Download[]): { name: GroupName; downloads: Download[] }[] {
  return ORDER.map((name) => ({ name, downloads: downloads.filter((download) => groupOf(download) === name) })).filter(
    (group) => group.downloads.length > 0,
  )
}

export interface Totals {
  /** That have not ended. */
  toGo: number
  /** Of those whose size is known. */
  leftBytes: number
  bytesPerSecond: number
  connections: number
  /** 0…1 of what is fetched now; null when nothing runs or the size is not known. */
  fraction: number | null
  /** Of all that run or wait for their turn, at the present speed; null when nobody can say. */
  etaSeconds: number | null
}

export function totalsOf(downloads: readonly Download[]): Totals {
  const open = downloads.filter((download) => !hasEnded(download))
  const left = (some: readonly Download[]): number =>
    some.reduce((sum, { total_bytes: total, done_bytes: done }) => sum + Math.max(0, (total ?? done) - done), 0)
  const bytesPerSecond = open.reduce((sum, download) => sum + download.bytes_per_second, 0)
  const running = open.filter(({ state, total_bytes: total }) => state === 'downloading' && total !== null && total > 0)
  const total = running.reduce((sum, download) => sum + (download.total_bytes ?? 0), 0)
  const goesOn = open.filter(({ state }) => state !== 'paused' && state !== 'waiting')
  const known = goesOn.every(({ total_bytes: size }) => size !== null)
  return {
    toGo: open.length,
    leftBytes: left(open),
    bytesPerSecond,
    connections: open.reduce((sum, { connections }) => sum + connections, 0),
    fraction: total === 0 ? null : running.reduce((sum, { done_bytes: done }) => sum + done, 0) / total,
    etaSeconds: bytesPerSecond > 0 && known ? Math.round(left(goesOn) / bytesPerSecond) : null,
  }
}

/** 0…1 of a download; null while its size is not known. */
export function fractionOf({ total_bytes: total, done_bytes: done }: Download): number | null {
  if (total === null) return null
  return total === 0 ? 1 : Math.min(1, done / total)
}

/** Large files by themselves, in their order, and the small ones as one where there are many files. */
export function foldFiles(files: readonly DownloadFile[]): { shown: DownloadFile[]; small: DownloadFile[] } {
  if (files.length <= FEW_FILES) return { shown: [...files], small: [] }
  return {
    shown: files.filter((file) => file.size_bytes >= SMALL_BYTES),
    small: files.filter((file) => file.size_bytes < SMALL_BYTES),
  }
}

/** What several files come to: done when all are, else what is most alive in them. */
export function joinFiles(files: readonly DownloadFile[], path: string): DownloadFile {
  const alive: DownloadFile['phase'][] = ['downloading', 'verifying', 'checking', 'waiting', 'queued', 'done']
  return {
    path,
    size_bytes: files.reduce((sum, file) => sum + file.size_bytes, 0),
    done_bytes: files.reduce((sum, file) => sum + file.done_bytes, 0),
    phase: alive.find((phase) => files.some((file) => file.phase === phase)) ?? 'done',
  }
}

/** Where a download stands among those that have not ended, and how many those are. */
export function placeOf(downloads: readonly Download[], id: string): { place: number; count: number } {
  const open = downloads.filter((download) => !hasEnded(download))
  return { place: open.findIndex((download) => download.id === id), count: open.length }
}

/** Which place one step up or down the list of those that wait is; null at its end. Those that run keep their place before them. */
export function stepFrom(downloads: readonly Download[], id: string, step: -1 | 1): number | null {
  const open = downloads.filter((download) => !hasEnded(download))
  const { place } = placeOf(downloads, id)
  const next = open[place + step]
  return place === -1 || next === undefined || isRunning(next) ? null : place + step
}

/** Points of the line, right aligned, in a box of `width` × `height`; the highest sample stands at the top. */
export function plotPoints(samples: Samples, top: number, width: number, height: number): [number, number][] {
  const step = width / (PLOT_SECONDS - 1)
  return samples.map((value, index) => [
    width - (samples.length - 1 - index) * step,
    height - (top === 0 ? 0 : Math.min(1, value / top) * height),
  ])
}

/** A round figure at or above the highest sample: 1, 2 or 5 of a power of ten. */
export function roundTop(samples: Samples): number {
  const most = Math.max(0, ...samples)
  if (most === 0) return 0
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= most) ?? most
}

/** The page on the Hub where the terms of a gated model are accepted; null for every other error. */
export function termsPage({
  error,
}: {
  error: { code: string; data?: Record<string, unknown> | undefined } | null
}): string | null {
  const page = error?.data?.['page']
  return error?.code === 'access_denied' && typeof page === 'string' && /^https?:\/\//.test(page) ? page : null
}
