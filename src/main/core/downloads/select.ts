import type { HubFile } from '../hub'
import type { PullRequest } from './types'

/** What mlx_lm itself fetches: other callers of a snapshot with less would find it incomplete (hf-hub.md §2.4). */
const MLX_LM_PATTERNS = [
  '*.json',
  'model*.safetensors',
  '*.py',
  'tokenizer.model',
  '*.tiktoken',
  'tiktoken.model',
  '*.txt',
  '*.jsonl',
  '*.jinja',
]

type Token = { kind: 'star' } | { kind: 'one'; accepts: (letter: string) => boolean }

/** A set such as `a-z_`, without its brackets and its `!`. */
function parseSet(text: string): (letter: string) => boolean {
  const ranges: [string, string][] = []
  for (let at = 0; at < text.length; at += 1) {
    const from = text[at] ?? ''
    const isRange = text[at + 1] === '-' && at + 2 < text.length
    ranges.push([from, isRange ? (text[at + 2] ?? from) : from])
    if (isRange) at += 2
  }
  return (letter) => ranges.some(([from, to]) => from <= letter && letter <= to)
}

function parsePattern(pattern: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at] ?? ''
    const end = letter === '[' ? pattern.indexOf(']', at + (pattern[at + 1] === '!' ? 3 : 2)) : -1
    if (letter === '*') tokens.push({ kind: 'star' })
    else if (letter === '?') tokens.push({ kind: 'one', accepts: () => true })
    else if (end !== -1) {
      const negated = pattern[at + 1] === '!'
      const accepts = parseSet(pattern.slice(at + (negated ? 2 : 1), end))
      tokens.push({ kind: 'one', accepts: (each) => accepts(each) !== negated })
      at = end
    } else tokens.push({ kind: 'one', accepts: (each) => each === letter })
  }
  return tokens
}

/**
 * Python's `fnmatch`: `*` and `?` match every character, also `/`; `[...]` a set. A pattern that ends in `/` means all below it. Not a
 * regular expression: those take years for patterns with many stars.
 */
export function toMatcher(pattern: string): (path: string) => boolean {
  const tokens = parsePattern(pattern.endsWith('/') ? `${pattern}*` : pattern)
  return (path) => {
    let token = 0
    let star = -1
    let retryAt = 0
    for (let at = 0; at < path.length;) {
      const next = tokens[token]
      if (next?.kind === 'star') {
        star = token
        token += 1
        retryAt = at
      } else if (next?.accepts(path[at] ?? '') === true) {
        token += 1
        at += 1
      } else if (star !== -1) {
        // The last star takes one letter more; earlier ones need not be tried again.
        token = star + 1
        retryAt += 1
        at = retryAt
      } else return false
    }
    return tokens.slice(token).every(({ kind }) => kind === 'star')
  }
}

/** A pattern that matches this path alone. */
export function toExactPattern(path: string): string {
  return path.replaceAll(/[*?[]/g, (letter) => `[${letter}]`)
}

const WEIGHTS = /\.(safetensors|bin|pt|pth|gguf|npz|h5|onnx|msgpack|ckpt)$/i

export function isWeights(path: string): boolean {
  return WEIGHTS.test(path)
}

/** Small files that say what a model is come first, weights last and the largest of them first. */
export function compareForFetching(a: HubFile, b: HubFile): number {
  const weights = (file: HubFile): number => (isWeights(file.path) ? 1 : 0)
  return (
    weights(a) - weights(b) ||
    (weights(a) === 1 ? b.sizeBytes - a.sizeBytes : a.sizeBytes - b.sizeBytes) ||
    (a.path < b.path ? -1 : 1)
  )
}

/** Splits the files of a commit into those to fetch, in order, and those that the patterns leave out. */
export function selectFiles(
  files: readonly HubFile[],
  { include, exclude, all }: Pick<PullRequest, 'include' | 'exclude' | 'all'>,
): { wanted: HubFile[]; skipped: HubFile[] } {
  const wants = (include.length > 0 ? include : all ? ['*'] : MLX_LM_PATTERNS).map(toMatcher)
  const refuses = exclude.map(toMatcher)
  const isWanted = ({ path }: HubFile): boolean => wants.some((match) => match(path)) && !refuses.some((match) => match(path))
  return { wanted: files.filter(isWanted).sort(compareForFetching), skipped: files.filter((file) => !isWanted(file)) }
}
