import CliTable from 'cli-table3'
import { safeLine } from './text'

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** What may be done when the table is wider than the terminal: `shrink` cuts the column's texts, a number drops it, low ones first. */
  narrow?: 'shrink' | number
  /** Where a text that is too long is cut. Of names both ends matter: organization and quantization. Default `end`. */
  cut?: 'middle' | 'end'
}

const gap = 2
/** A column is cut to this before others are dropped, and to `smallest` only when nothing can be dropped any more. */
const comfortable = 36
const smallest = 16

// oxlint-disable-next-line no-control-regex
const colours = /\u001B\[\d+m/g
const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u
const emojiPresentation = /\p{Emoji_Presentation}|\uFE0F/u

/** Columns that a text takes in a terminal: colours none, East Asian wide characters and emoji two. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text.replace(colours, ''))) {
    const isWide = wide.test(segment) && (segment.codePointAt(0) ?? 0) >= 0x1100
    const isText = /\p{Extended_Pictographic}/u.test(segment) && !emojiPresentation.test(segment)
    width += isWide && !isText ? 2 : /^\p{Mark}/u.test(segment) ? 0 : 1
  }
  return width
}

/** The columns to show and the width of each, so that the table is at most `available` wide; null = as wide as it likes. */
export function fitColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  available: number | null,
): { index: number; width: number }[] {
  let shown = columns.map((column, index) => ({
    index,
    width: Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  }))
  if (available === null) return shown
  const total = (): number => shown.reduce((sum, { width }) => sum + width, 0) + gap * (shown.length - 1)
  const shrinkTo = (least: number): void => {
    for (const column of shown) {
      const over = total() - available
      if (over > 0 && columns[column.index]?.narrow === 'shrink')
        column.width = Math.max(Math.min(least, column.width), column.width - over)
    }
  }
  shrinkTo(comfortable)
  const droppable = shown
    .filter(({ index }) => typeof columns[index]?.narrow === 'number')
    .sort((a, b) => Number(columns[a.index]?.narrow) - Number(columns[b.index]?.narrow))
  for (const column of droppable) {
    if (total() <= available) break
    shown = shown.filter((other) => other !== column)
  }
  shrinkTo(smallest)
  return shown
}

const segmentsOf = (text: string): string[] => Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)

/** As many whole characters from the beginning as fit. */
function take(segments: readonly string[], width: number): string[] {
  let left = width
  const end = segments.findIndex((segment) => (left -= displayWidth(segment)) < 0)
  return end === -1 ? [...segments] : segments.slice(0, end)
}

/** A text without colours, at most `width` columns wide; what is left out is a `…`. */
export function cutText(text: string, width: number, where: 'middle' | 'end' = 'end'): string {
  if (displayWidth(text) <= width) return text
  if (width <= 1) return '…'.slice(0, Math.max(0, width))
  const segments = segmentsOf(text)
  if (where === 'end')
    return `${take(segments, width - 1)
      .join('')
      .trimEnd()}…`
  const tail = take([...segments].reverse(), Math.floor((width - 1) / 2))
    .reverse()
    .join('')
  return `${take(segments, width - 1 - displayWidth(tail)).join('')}…${tail}`
}

/** A table without borders: head, then the rows, no trailing blanks. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { available: number | null; head: (text: string) => string },
): string {
  const safe = rows.map((row) => row.map(safeLine))
  const fitted = fitColumns(columns, safe, options.available)
  const empty = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ]
  const table = new CliTable({
    chars: { ...Object.fromEntries(empty.map((name) => [name, ''])), middle: ' '.repeat(gap) },
    // Its own colours would also go into a pipe.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: fitted.map(({ width }) => width),
    colAligns: fitted.map(({ index }) => columns[index]?.align ?? 'left'),
  })
  table.push(fitted.map(({ index }) => options.head(columns[index]?.title ?? '')))
  const cell = (text: string, index: number, width: number): string =>
    columns[index]?.narrow === 'shrink' ? cutText(text, width, columns[index]?.cut) : text
  for (const row of safe) table.push(fitted.map(({ index, width }) => cell(row[index] ?? '', index, width)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
