/** Where in a text the letters stand that were typed: `[from, to)`, in order. */
export type Marks = readonly (readonly [number, number])[]

export interface Match {
  /** Smaller is better. */
  cost: number
  marks: Marks
}

const MIDDLE = 10
const SCATTERED = 30
/** Two letters are scattered over nearly every text. */
const FEWEST_SCATTERED = 3

const isWordStart = (text: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')

function whole(text: string, word: string): Match | null {
  let first = -1
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (first < 0) first = at
    // The begin of a word is meant more often than its middle.
    if (isWordStart(text, at)) return { cost: at / 100, marks: [[at, at + word.length]] }
  }
  return first < 0 ? null : { cost: MIDDLE + first / 100, marks: [[first, first + word.length]] }
}

/** The letters in their order with others between them, as in `qw4b` for `Qwen3-4B`. They begin at the begin of a word. */
function scattered(text: string, word: string): Match | null {
  if (word.length < FEWEST_SCATTERED) return null
  for (let start = text.indexOf(word[0] ?? ''); start >= 0; start = text.indexOf(word[0] ?? '', start + 1)) {
    if (!isWordStart(text, start)) continue
    const marks: [number, number][] = []
    let at = start
    for (const letter of word) {
      at = text.indexOf(letter, at)
      if (at < 0) break
      const last = marks.at(-1)
      if (last !== undefined && last[1] === at) last[1] = at + 1
      else marks.push([at, at + 1])
      at += 1
    }
    if (at >= 0) return { cost: SCATTERED + marks.length + start / 100, marks }
  }
  return null
}

/** How well a text has all words that were typed, in any order; null when one is missing. */
export function match(text: string, words: readonly string[]): Match | null {
  // Letter by letter, so that the places stay those of the text: some letters get longer when they become small.
  const folded = Array.from({ length: text.length }, (_, index) => {
    const small = (text[index] ?? '').toLowerCase()
    return small.length === 1 ? small : (text[index] ?? '')
  }).join('')
  let cost = 0
  const marks: [number, number][] = []
  for (const word of words) {
    const found = whole(folded, word) ?? scattered(folded, word)
    if (found === null) return null
    cost += found.cost
    marks.push(...found.marks.map(([from, to]): [number, number] => [from, to]))
  }
  return { cost, marks: join(marks) }
}

function join(marks: [number, number][]): Marks {
  const joined: [number, number][] = []
  for (const [from, to] of marks.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}
