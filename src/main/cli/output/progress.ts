import type { Context } from '../context'
import { shorten } from './text'

/** Shows one piece of work: a bar on a terminal, a line per step elsewhere, JSON Lines with `--json=stream`, else nothing. */
export interface ProgressView {
  /** `fraction` is 0…1, null while it cannot be known. */
  update: (step: string, message: string, fraction: number | null) => void
  end: () => void
}

/** @param context where to draw; the bar library is loaded only where a bar can be seen. */
export async function createProgress(context: Context): Promise<ProgressView> {
  if (context.mode === 'stream') {
    return { update: (step, message, fraction) => context.progress({ step, message, fraction }), end: () => undefined }
  }
  if (!context.isHuman) return { update: () => undefined, end: () => undefined }
  if (context.io.stderr.isTTY) return createBar(context)
  let last = ''
  return {
    update: (step, message) => {
      // Counters inside a message change many times a second; a log wants each step once.
      if (step !== last) context.talk(message)
      last = step
    },
    end: () => undefined,
  }
}

async function createBar({ io, talkPaint }: Context): Promise<ProgressView> {
  const { default: cliProgress } = await import('cli-progress')
  const columns = io.stderr.columns() ?? 80
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
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
