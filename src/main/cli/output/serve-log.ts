import type { Context } from '../context'
import { safeLine } from './text'

export type LogFormat = 'text' | 'json'

/** What `serve` says on stderr while it runs. */
export interface ServeLog {
  isText: boolean
  /** For the owner's log: its lines, secrets taken out. */
  tap: (line: string) => void
  /** A sentence to whoever started it. */
  say: (message: string) => void
  warn: (message: string, hint?: string) => void
  /** From now on lines of the log are shown as text; before, they would stand between the first sentences. */
  start: () => void
}

/**
 * Text for people, JSON Lines when asked for (then every line of stderr is one), nothing beside a JSON document unless asked for.
 * @param format null: text for people, else nothing
 */
export function createServeLog(context: Context, format: LogFormat | null): ServeLog {
  const { io, talkPaint } = context
  const chosen = format ?? (context.isHuman ? 'text' : null)
  const write = (level: 'info' | 'warn', fields: Record<string, unknown>): void => {
    io.stderr.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields })}\n`)
  }
  let started = false
  return {
    isText: chosen === 'text',
    start: () => {
      started = true
    },
    tap: (line) => {
      if (chosen === 'json') io.stderr.write(line.endsWith('\n') ? line : `${line}\n`)
      if (chosen === 'text' && started) {
        const text = renderLogLine(line, context)
        if (text !== null) io.stderr.write(`${text}\n`)
      }
    },
    say: (message) => {
      if (chosen === 'json') write('info', { msg: message })
      else if (chosen === 'text') context.talk(message)
    },
    warn: (message, hint) => {
      if (chosen === 'json') write('warn', { msg: message, ...(hint === undefined ? {} : { hint }) })
      else {
        context.talk(talkPaint.yellow(message))
        if (hint !== undefined) context.talk(`  ${hint}`)
      }
    },
  }
}

type Fields = Record<string, unknown>

/** On the way between loading, ready, crashed and unloaded. */
const steps: ReadonlySet<string> = new Set(['loading', 'warming', 'draining', 'stopped'])

/** One line of the log for people: `12:04:33 POST /v1/chat/completions 200 31 ms`. Null for what only a program wants to know. */
function renderLogLine(line: string, { talkPaint }: Context): string | null {
  const fields = parse(line)
  if (fields === null) return null
  const time = new Date(typeof fields['time'] === 'string' ? fields['time'] : Date.now())
  const at = talkPaint.dim(time.toTimeString().slice(0, 8))
  const { msg, level } = fields
  if (msg === 'request') return `${at} ${renderRequest(fields, talkPaint)}`
  if (msg === 'model') {
    const state = text(fields['state'])
    if (steps.has(state)) return null
    return `${at} ${safeLine(`${text(fields['model'])}: ${state === 'spawning' ? 'loading' : state}${reason(fields)}`)}`
  }
  if (msg === 'started' || msg === 'stopped') return null
  const paint = level === 'error' ? talkPaint.red : level === 'warn' ? talkPaint.yellow : (plain: string) => plain
  return `${at} ${paint(safeLine(`${text(msg)}${reason(fields)}`))}`
}

function renderRequest({ method, path, status, ms }: Fields, paint: Context['talkPaint']): string {
  const code = Number(status)
  const colour = code >= 500 ? paint.red : code >= 400 ? paint.yellow : paint.green
  return `${safeLine(`${text(method)} ${text(path)}`)} ${colour(String(code))} ${text(ms)} ms`
}

function reason({ reason: said, error }: Fields): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : said
  return typeof message === 'string' ? `, ${message}` : ''
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

function parse(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Fields) : null
  } catch {
    return null
  }
}
