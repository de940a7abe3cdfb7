export interface LogRing {
  /** Takes raw output; a line ends at `\n` or `\r` (progress bars). */
  write: (text: string) => void
  /** Oldest first. An unfinished line is included. */
  lines: () => string[]
}

/** The last `capacity` lines of a process, each cut to `maxLength` characters. */
export function createLogRing(capacity = 500, maxLength = 2000): LogRing {
  const kept: string[] = []
  let open = ''
  const push = (line: string): void => {
    if (line.trim() === '') return
    kept.push(line.slice(0, maxLength))
    if (kept.length > capacity) kept.shift()
  }
  return {
    write: (text) => {
      const parts = (open + text).split(/[\r\n]/)
      open = (parts.pop() ?? '').slice(0, maxLength)
      for (const part of parts) push(part)
    },
    lines: () => (open.trim() === '' ? [...kept] : [...kept, open]),
  }
}
