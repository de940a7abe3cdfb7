const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

function scale(bytes: number): { value: string; unit: string } {
  let value = bytes
  let index = 0
  // 999.96 KB would print as "1000.0 KB".
  while (index < units.length - 1 && Number(value.toFixed(1)) >= 1000) {
    value /= 1000
    index += 1
  }
  return { value: index === 0 ? String(value) : value.toFixed(1), unit: units[index] ?? 'PB' }
}

/** Decimal units, as macOS and the Hub show them: `4.6 GB`. */
export function formatSize(bytes: number): string {
  const { value, unit } = scale(bytes)
  return `${value} ${unit}`
}

/** The same in mlx-knife's spelling, for `show --files --json`: `4.6GB`. */
export function formatCompactSize(bytes: number): string {
  const { value, unit } = scale(bytes)
  return `${value}${unit}`
}

/** How long ago, with mlx-knife's steps: `just now`, `5m ago`, `3h ago`, `12d ago`, then the date. A time in the future is `just now`. */
export function formatAge(iso: string, nowMs: number): string {
  const then = Date.parse(iso)
  if (Number.isNaN(then)) return iso
  const seconds = (nowMs - then) / 1000
  const minutes = seconds / 60
  const hours = minutes / 60
  const days = hours / 24
  if (seconds < 45) return 'just now'
  if (seconds < 90) return '1m ago'
  if (minutes < 45) return `${Math.round(minutes)}m ago`
  if (minutes < 90) return '1h ago'
  if (hours < 24) return `${Math.round(hours)}h ago`
  if (hours < 36) return '1d ago'
  if (days < 30) return `${Math.round(days)}d ago`
  return iso.slice(0, 10)
}

/** A span of time, coarse: `40s`, `15m`, `2h 5m`, `3d`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 90) return `${whole}s`
  const minutes = Math.round(whole / 60)
  if (minutes < 90) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.round(hours / 24)}d`
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`
}

/** First seven digits of a commit, `-` when there is none. */
export function shortHash(hash: string | null): string {
  return hash === null ? '-' : hash.slice(0, 7)
}

// Everything that could move the cursor or change the terminal, except the colours that we put in ourselves.
// oxlint-disable-next-line no-control-regex
const control = /\u001B(?!\[\d{1,2}m)|[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g

/** Foreign text (names, reasons, model output) for a terminal: control characters become `�`, tabs and line breaks stay. */
export function safeText(text: string): string {
  return text.replace(control, '\uFFFD')
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text).replace(/[\t\n]+/g, ' ')
}

/** Cuts a sentence to a number of characters, ending in `…`. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`
}
