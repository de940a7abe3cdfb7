import type { TransferProgress } from '../../core/downloads'
import type { Context } from '../context'
import { displayWidth } from './table'
import { formatSize, safeLine, shorten } from './text'

export interface PullProgress {
  update: (progress: TransferProgress) => void
  /** Takes the display away. */
  end: () => void
}

const QUIET_MS = 2000
const BAR = 24
/** Files shown beside the total. */
const MAX_FILES = 6

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

/** The lines of the display, none wider than the terminal: the total, the files that move, what is waited for. */
export function drawProgress(progress: TransferProgress, columns: number, paintBar: (text: string) => string): string[] {
  const { doneBytes, totalBytes, files, note } = progress
  const fraction = share(doneBytes, totalBytes)
  const bar = Math.max(6, Math.min(BAR, columns - 56))
  const full = Math.round(fraction * bar)
  const head = `${paintBar('█'.repeat(full) + '░'.repeat(bar - full))} ${percent(fraction)} ${describeTransfer({ ...progress, note: null })}`
  const moving = files.filter(
    ({ phase, doneBytes: done, sizeBytes }) => phase in phases || (phase === 'downloading' && done < sizeBytes),
  )
  const width = Math.max(10, Math.min(48, columns - 40))
  const rows = moving.slice(0, MAX_FILES).map(({ path, sizeBytes, doneBytes: done, phase }) => {
    const name = shorten(safeLine(path), width)
    const said = phases[phase] ?? `${percent(share(done, sizeBytes))} of ${formatSize(sizeBytes)}`
    return `  ${name}${' '.repeat(Math.max(0, width - displayWidth(name)))}  ${said}`
  })
  const more = moving.length > MAX_FILES ? [`  and ${moving.length - MAX_FILES} more`] : []
  const last = note === null ? [] : [`  ${safeLine(note)}`]
  return [head, ...rows, ...more, ...last].map((line) => (displayWidth(line) > columns - 1 ? shorten(line, columns - 1) : line))
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
  let shown = 0
  const clear = (): string => (shown === 0 ? '' : `\u001B[${shown}A\u001B[0J`)
  return {
    update: (progress) => {
      const lines = drawProgress(progress, io.stderr.columns() ?? 80, talkPaint.cyan)
      io.stderr.write(`${clear()}${lines.join('\n')}\n`)
      shown = lines.length
    },
    end: () => {
      io.stderr.write(clear())
      shown = 0
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
