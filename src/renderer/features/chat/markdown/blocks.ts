/** A part of an answer that stands by itself, so that finished ones are never rendered again while the last one grows. */
export interface Block {
  kind: 'markdown' | 'code' | 'plain'
  text: string
  /** Of code. */
  language: string | null
  /** Code whose end has not come yet. */
  open: boolean
}

export interface Split {
  text: string
  blocks: Block[]
  /** Where each block begins. */
  starts: number[]
}

/** Longer than this, a paragraph is no prose: it is shown as it is, in pieces. */
const LONGEST_PROSE = 20_000
const PIECE = 16_000

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/
const INDENTED = /^(?: {2,}|\t)/
const MATH_FENCE = /^ {0,3}\$\$/
const isBlank = (line: string): boolean => line.trim() === ''

interface Open {
  start: number
  end: number
  isList: boolean
  isIndented: boolean
}

/** Marks that end where a line with them comes again; nothing between them separates blocks. */
interface Fence {
  closes: (line: string) => boolean
}

function fenceOf(marks: string): Fence {
  const mark = marks.slice(0, 1)
  return {
    closes: (line) => {
      const found = FENCE.exec(line)
      return found !== null && found[1]?.startsWith(mark) === true && found[1].length >= marks.length && isBlank(found[2] ?? '')
    },
  }
}

function openingFence(line: string): { fence: Fence; language: string | null } | null {
  const found = FENCE.exec(line)
  const marks = found?.[1]
  const info = found?.[2]?.trim() ?? ''
  // Backticks behind backticks are code in a line.
  if (marks === undefined || (marks.startsWith('`') && info.includes('`'))) return null
  return { fence: fenceOf(marks), language: /^[^\s{]+/.exec(info)?.[0] ?? null }
}

function openingMath(line: string): Fence | null {
  const text = line.trim()
  if (MATH_FENCE.test(line) && !text.slice(2).includes('$$')) return { closes: (end) => end.includes('$$') }
  if (text.startsWith('\\[') && !text.includes('\\]')) return { closes: (end) => end.includes('\\]') }
  return null
}

function pieces(text: string, start: number): { block: Block; start: number }[] {
  if (text.length <= LONGEST_PROSE) return [{ block: { kind: 'markdown', text, language: null, open: false }, start }]
  const parts: { block: Block; start: number }[] = []
  for (let at = 0; at < text.length; at += PIECE)
    parts.push({ block: { kind: 'plain', text: text.slice(at, at + PIECE), language: null, open: false }, start: start + at })
  return parts
}

/** Splits text from `from` on, which is where a block begins. */
function scan(text: string, from: number, blocks: Block[], starts: number[]): void {
  let open: Open | null = null
  let inside: Fence | null = null
  let at = from
  const close = (): void => {
    if (open !== null) {
      for (const { block, start } of pieces(text.slice(open.start, open.end), open.start)) {
        blocks.push(block)
        starts.push(start)
      }
    }
    open = null
  }
  const lineAt = (start: number): { line: string; next: number } => {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    return { line: text.slice(start, end), next: newline < 0 ? text.length : newline + 1 }
  }
  let afterBlank = true
  while (at < text.length) {
    const { line, next } = lineAt(at)
    const current: Open | null = open
    const continues = current !== null && (current.isList || current.isIndented) && INDENTED.test(line)
    if (inside !== null && current !== null) {
      if (inside.closes(line.trimStart())) inside = null
      current.end = next
    } else if (isBlank(line)) {
      afterBlank = true
    } else {
      const fenced = openingFence(continues ? line.trimStart() : line)
      if (fenced !== null && !continues) {
        close()
        at = scanCode(text, at, next, fenced, blocks, starts, lineAt)
        afterBlank = true
        continue
      }
      const goesOn = current !== null && (!afterBlank || continues || (current.isList && LIST_ITEM.test(line)))
      if (current !== null && goesOn) current.end = next
      else {
        close()
        open = { start: at, end: next, isList: LIST_ITEM.test(line), isIndented: INDENTED.test(line) }
      }
      if (fenced !== null) ({ fence: inside } = fenced)
      else inside = openingMath(line)
      afterBlank = false
    }
    at = next
  }
  close()
}

function scanCode(
  text: string,
  start: number,
  bodyStart: number,
  { fence, language }: { fence: Fence; language: string | null },
  blocks: Block[],
  starts: number[],
  lineAt: (start: number) => { line: string; next: number },
): number {
  let at = bodyStart
  let end = text.length
  let isOpen = true
  while (at < text.length) {
    const { line, next } = lineAt(at)
    if (fence.closes(line)) {
      end = at
      at = next
      isOpen = false
      break
    }
    at = next
  }
  blocks.push({ kind: 'code', text: text.slice(bodyStart, end).replace(/\n$/, ''), language, open: isOpen })
  starts.push(start)
  return at
}

/**
 * The blocks of an answer. Given the split of its beginning, only what may have changed is read again: the last block, and the one
 * before it, which the last may turn out to belong to. Blocks that are the same keep their identity.
 */
export function splitBlocks(text: string, before: Split | null = null): Split {
  let kept = before !== null && before.blocks.length > 2 && text.startsWith(before.text) ? before.blocks.length - 2 : 0
  // A piece is no beginning: what it is part of is.
  while (kept > 0 && before?.blocks[kept]?.kind === 'plain') kept -= 1
  const blocks = before === null ? [] : before.blocks.slice(0, kept)
  const starts = before === null ? [] : before.starts.slice(0, kept)
  scan(text, kept === 0 ? 0 : (before?.starts[kept] ?? 0), blocks, starts)
  const same = (block: Block, index: number): Block => {
    const old = before?.blocks[index]
    return old !== undefined &&
      old.kind === block.kind &&
      old.text === block.text &&
      old.open === block.open &&
      old.language === block.language
      ? old
      : block
  }
  return { text, blocks: blocks.map((block, index) => (index < kept ? block : same(block, index))), starts }
}

const DEFINITION = /^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S.*$/gm

/** Where links lead that are named in one place and explained in another. */
export function definitionsOf(text: string): string {
  return text.includes(']:') ? [...text.matchAll(DEFINITION)].slice(0, 200).join('\n') : ''
}
