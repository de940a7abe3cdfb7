import type { Context } from '../context'
import { shorten } from './text'

/** A log wants to see that something goes on, not every package. */
const QUIET_MS = 2000

/**
 * Shows one piece of work: a bar on a terminal, a line per step and every two seconds elsewhere, JSON Lines with `--json=stream`, else
 * nothing.
 */
export interface ProgressView {
  /** `fraction` is 0…1, null while it cannot be known. */
  update: (step: string, message: string, fraction: number | null) => void
  end: () => void
}

/** @param context where to draw; the bar library is loaded only where a bar can be seen. */
export async function createProgress(context: Context, now: () => number = Date.now): Promise<ProgressView> {
  if (context.mode === 'stream') {
    return { update: (step, message, fraction) => context.progress({ step, message, fraction }), end: () => undefined }
  }
  if (!context.isHuman) return { update: () => undefined, end: () => undefined }
  if (context.io.stderr.isTTY) return createBar(context)
  return createLines(context.talk, now)
}

/** Each step at once; what changes inside one not more often than every two seconds. */
function createLines(talk: (line: string) => void, now: () => number): ProgressView {
  let last = { step: '', line: '', atMs: 0 }
  return {
    update: (step, message, fraction) => {
      const line = fraction === null ? message : `${String(Math.floor(fraction * 100)).padStart(3)}% ${message}`
      const atMs = now()
      if (step === last.step && (line === last.line || atMs - last.atMs < QUIET_MS)) return
      talk(line)
      last = { step, line, atMs }
    },
    end: () => undefined,
  }
}

async function createBar({ io, talkPaint }: Context): Promise<ProgressView> {
  const { default: cliProgress } = await import('cli-progress')
  const columns = io.stderr.columns() ?? 80
  const bar = new cliProgress.SingleBar({
    stream: io.stderr.stream(),
    format: `${talkPaint.cyan('{bar}')} {percentage}% {message}`,
    barsize: Math.max(10, Math.min(30, columns - 50)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  })
  let started = false
  let shown = 0
  return {
    update: (_step, message, fraction) => {
      const payload = { message: shorten(message, Math.max(20, columns - 45)) }
      shown = fraction === null ? shown : fraction * 100
      if (started) bar.update(Math.floor(shown), payload)
      else bar.start(100, Math.floor(shown), payload)
      started = true
    },
    end: () => {
      if (started) bar.stop()
    },
  }
}
