import type { TransferProgress } from '../../core/downloads'
import type { Context } from '../context'
import { cutText, displayWidth } from './table'
import { formatSize, safeLine } from './text'

export interface PullProgress {
  update: (progress: TransferProgress) => void
  /** Takes the display away. */
  end: () => void
}

const QUIET_MS = 2000
const BAR = 24
/** Files shown beside the total, where the terminal is high enough. */
const MAX_FILES = 6
const USUAL_SIZE = { columns: 80, rows: 24 }

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

const share = (done: number, total: number): number => (total === 0 ? 1 : Math.min(1, done / total))
const percent = (fraction: number): string => `${String(Math.floor(fraction * 100)).padStart(3)}%`

/** `1.2 GB of 1.9 GB, 84 MB/s, 8 s left` */
export function describeTransfer({ doneBytes, totalBytes, bytesPerSecond, etaSeconds, note }: TransferProgress): string {
  const speed = bytesPerSecond > 0 ? `, ${formatSize(bytesPerSecond)}/s` : ''
  const left = etaSeconds === null || etaSeconds === 0 ? '' : `, ${formatSeconds(etaSeconds)} left`
  return `${formatSize(doneBytes)} of ${formatSize(totalBytes)}${speed}${left}${note === null ? '' : ` — ${note}`}`
}

const phases: Partial<Record<TransferProgress['files'][number]['phase'], string>> = {
  checking: 'checking what is there',
  waiting: 'waiting for another program that fetches it',
  verifying: 'verifying',
}

export interface ScreenSize {
  columns: number
  rows: number
}

/**
 * The lines of the display: the total, the files that move, what is waited for. None is wider than the terminal, and together with the
 * cursor's own line they are not higher: what has left the screen cannot be drawn over.
 */
export function drawProgress(
  progress: TransferProgress,
  { columns, rows: height }: ScreenSize,
  paintBar: (text: string) => string,
): string[] {
  const { doneBytes, totalBytes, files, note, connections } = progress
  const fraction = share(doneBytes, totalBytes)
  const bar = Math.max(6, Math.min(BAR, columns - 56))
  const full = Math.round(fraction * bar)
  const total = `${percent(fraction)} ${describeTransfer({ ...progress, note: null })}`
  const lanes = connections === 0 ? '' : `, ${connections} ${connections === 1 ? 'connection' : 'connections'}`
  const space = columns - 2 - bar
  const said = cutText(displayWidth(total + lanes) <= space ? total + lanes : total, space)
  const head = `${paintBar('█'.repeat(full) + '░'.repeat(bar - full))} ${said}`
  const last = note === null ? [] : [`  ${safeLine(note)}`]

  const moving = files.filter(
    ({ phase, doneBytes: done, sizeBytes }) => phase in phases || (phase === 'downloading' && done < sizeBytes),
  )
  const room = Math.max(0, height - 2 - last.length)
  const fits = moving.length <= Math.min(MAX_FILES, room)
  const shown = fits ? moving : moving.slice(0, Math.max(0, Math.min(MAX_FILES, room - 1)))
  const width = Math.max(10, Math.min(48, columns - 40))
  const rows = shown.map(({ path, sizeBytes, doneBytes: done, phase }) => {
    const name = cutText(safeLine(path), width, 'middle')
    const state = phases[phase] ?? `${percent(share(done, sizeBytes))} of ${formatSize(sizeBytes)}`
    return `  ${name}${' '.repeat(Math.max(0, width - displayWidth(name)))}  ${state}`
  })
  const more = fits || room === 0 ? [] : [`  and ${moving.length - shown.length} more`]
  const below = [...rows, ...more, ...last].slice(0, Math.max(0, height - 2))
  return [head, ...below.map((line) => cutText(line, columns - 1))]
}

/** Lines that a drawing takes on a terminal that has been made narrower since: those that are too wide now were broken. */
export function heightOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0)
}

/** On a terminal lines that change in place; elsewhere a line every two seconds; events with `--json=stream`; else nothing. */
export function createPullProgress(context: Context, now: () => number = Date.now): PullProgress {
  const { io, talkPaint } = context
  if (context.mode === 'stream')
    return { update: (progress) => context.progress({ event: 'transfer', ...toEvent(progress) }), end: () => undefined }
  if (!context.isHuman) return { update: () => undefined, end: () => undefined }
  if (!io.stderr.isTTY) {
    let lastMs = 0
    return {
      update: (progress) => {
        if (now() - lastMs < QUIET_MS) return
        lastMs = now()
        context.talk(`${percent(share(progress.doneBytes, progress.totalBytes))} ${describeTransfer(progress)}`)
      },
      end: () => undefined,
    }
  }
  let shown: string[] = []
  const size = (): ScreenSize => ({
    columns: io.stderr.columns() ?? USUAL_SIZE.columns,
    rows: io.stderr.rows() ?? USUAL_SIZE.rows,
  })
  const clear = (): string => (shown.length === 0 ? '' : `\u001B[${heightOf(shown, size().columns)}A\u001B[0J`)
  return {
    update: (progress) => {
      const lines = drawProgress(progress, size(), talkPaint.cyan)
      io.stderr.write(`${clear()}${lines.join('\n')}\n`)
      shown = lines
    },
    end: () => {
      io.stderr.write(clear())
      shown = []
    },
  }
}

function toEvent({ totalBytes, doneBytes, fetchedBytes, bytesPerSecond, etaSeconds, connections, note, files }: TransferProgress) {
  return {
    total_bytes: totalBytes,
    done_bytes: doneBytes,
    fetched_bytes: fetchedBytes,
    bytes_per_second: bytesPerSecond,
    eta_seconds: etaSeconds,
    connections,
    note,
    files: files.map(({ path, sizeBytes, doneBytes: done, phase }) => ({ path, size_bytes: sizeBytes, done_bytes: done, phase })),
  }
}
