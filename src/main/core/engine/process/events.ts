/** What the launcher (`resources/engine/launcher.py`) says on stdout, one JSON object per line. */
export type LauncherEvent =
  | { event: 'imported'; device: string | null; workingSet: number | null }
  | { event: 'listening'; port: number }
  | { event: 'loading'; done: number; total: number }
  | { event: 'loaded'; bytes: number }
  | { event: 'load_failed'; code: string; error: string }
  | { event: 'engine_died' | 'fatal'; error: string }
  | { event: 'stats'; active: number; cache: number }
  /** `work` rises with every token that was read or written. */
  | { event: 'progress'; work: number }
  | { event: 'degraded'; patch: string; error: string }

const maxLine = 64 * 1024

/** Null for anything that is no event of ours. */
export function parseLauncherEvent(line: string): LauncherEvent | null {
  if (line.length > maxLine || !line.startsWith('{')) return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const fields: Record<string, unknown> = { ...value }
  const text = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '')
  const number = (key: string): number => (typeof fields[key] === 'number' && Number.isFinite(fields[key]) ? fields[key] : 0)
  const read = readers.get(text('event'))
  return read === undefined ? null : read(text, number)
}

type Read = (text: (key: string) => string, number: (key: string) => number) => LauncherEvent | null

const readers: ReadonlyMap<string, Read> = new Map<string, Read>([
  [
    'imported',
    (text, number) => ({ event: 'imported', device: text('device') || null, workingSet: number('working_set') || null }),
  ],
  ['listening', (_text, number) => toListening(number('port'))],
  ['loading', (_text, number) => ({ event: 'loading', done: number('done'), total: number('total') })],
  ['loaded', (_text, number) => ({ event: 'loaded', bytes: number('bytes') })],
  ['load_failed', (text) => ({ event: 'load_failed', code: text('code'), error: text('error') })],
  ['engine_died', (text) => ({ event: 'engine_died', error: text('error') })],
  ['fatal', (text) => ({ event: 'fatal', error: text('error') })],
  ['stats', (_text, number) => ({ event: 'stats', active: number('active'), cache: number('cache') })],
  ['progress', (_text, number) => ({ event: 'progress', work: number('prompt_tokens') + number('tokens') })],
  ['degraded', (text) => ({ event: 'degraded', patch: text('patch'), error: text('error') })],
])

function toListening(port: number): LauncherEvent | null {
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { event: 'listening', port } : null
}

/** Splits a stream of text into lines; a line longer than any event is dropped as it grows. */
export function createLineSplitter(onLine: (line: string) => void): (text: string) => void {
  let open = ''
  return (text) => {
    const parts = (open + text).split('\n')
    open = (parts.pop() ?? '').slice(0, maxLine + 1)
    for (const part of parts) onLine(part)
  }
}
