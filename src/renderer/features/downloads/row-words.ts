import type { Download } from '../../../shared/contract'
import { failureWords } from '../../app/FailureNote'
import type { Formatters } from '../../lib/format'
import type { Messages } from '../../lib/messages'
import { asFailure } from '../../lib/serialized'

export interface RowWords {
  /** Under the name. */
  line: string
  tone: 'plain' | 'warn' | 'bad'
  /** Under the bar, or in its place. */
  beside: string
}

type Say = (download: Download, more: { t: Messages; format: Formatters; isNext: boolean }) => RowWords

const plain = (line: string, beside: string): RowWords => ({ line, tone: 'plain', beside })

const sizeOf = ({ total_bytes: total }: Download, format: Formatters): string => (total === null ? '' : format.disk(total))

/** How much of it is here, or what it comes to. */
function keptOf(download: Download, { t, format }: { t: Messages; format: Formatters }): string {
  const size = sizeOf(download, format)
  return download.done_bytes === 0 ? size : t.downloads.kept(format.disk(download.done_bytes), size === '' ? null : size)
}

function failureOf(download: Download, t: Messages): { why: string; hint: string | null } {
  const failure = asFailure(download.error)
  if (failure === null) return { why: download.note ?? '', hint: null }
  const { title, message, hint } = failureWords(failure, t)
  return { why: `${title}. ${message}`, hint }
}

const downloading: Say = (download, { t, format }) => {
  const { bytes_per_second: speed, eta_seconds: eta, total_bytes: total } = download
  const soFar = total === null ? '' : t.downloads.of(format.disk(download.done_bytes), format.disk(total))
  const line = eta === null ? (download.note ?? t.downloads.starting) : t.downloads.left(format.timeLeft(eta))
  return plain(line, speed === 0 ? soFar : `${soFar} · ${format.speed(speed)}`)
}

const done: Say = (download, { t, format }) => {
  const { reused_bytes: reused, total_bytes: total, health, elapsed_seconds: seconds } = download
  const size = sizeOf(download, format)
  const isReused = reused > 0 && reused >= (total ?? 0)
  const line = isReused ? t.downloads.doneReused(size) : t.downloads.done(size, format.timeLeft(Math.max(1, seconds)))
  if (health === 'unhealthy') return { line, tone: 'warn', beside: t.downloads.unhealthy(download.reason) }
  return plain(line, health === 'healthy' ? t.downloads.healthy : t.downloads.checkedOnly)
}

const says: Record<Download['state'], Say> = {
  preparing: (download, more) => plain(more.t.downloads.preparing, keptOf(download, more)),
  downloading,
  waiting: (download, more) => ({
    line: failureOf(download, more.t).why,
    tone: 'warn',
    beside: [keptOf(download, more), more.t.downloads.goesOn].filter(Boolean).join(' · '),
  }),
  failed: (download, more) => {
    const { why, hint } = failureOf(download, more.t)
    return { line: why, tone: 'bad', beside: hint ?? keptOf(download, more) }
  },
  queued: (download, more) => plain(more.isNext ? more.t.downloads.next : more.t.downloads.queued, keptOf(download, more)),
  paused: (download, more) => plain(more.t.downloads.paused, keptOf(download, more)),
  cancelled: (download, more) => plain(more.t.downloads.cancelled, download.done_bytes === 0 ? '' : keptOf(download, more)),
  done,
}

/** What a row says of its download: how it stands, and beside it how much of it there is, or the way out. */
export const rowWords: Say = (download, more) => says[download.state](download, more)
