/** What a typed text asks for. */
export type Typed =
  | { kind: 'nothing' }
  | { kind: 'leave' }
  | { kind: 'question'; text: string }
  | { kind: 'command'; name: SlashName; rest: string }
  | { kind: 'unknown'; name: string; nearest: SlashName | null }

export const slashCommands = {
  help: { usage: '/help', summary: 'show this' },
  clear: { usage: '/clear', summary: 'forget what was said; model, system prompt and parameters stay' },
  system: { usage: '/system [TEXT]', summary: 'set the system prompt, or show it; "/system none" removes it' },
  model: { usage: '/model [NAME]', summary: 'go on with another model, or show which it is' },
  set: { usage: '/set [NAME VALUE]', summary: 'set temperature, top_p, top_k, min_p, seed or max_tokens; "none" for the default' },
  retry: { usage: '/retry', summary: 'ask the last question again' },
  save: { usage: '/save FILE', summary: 'write the talk to a file: JSON when it ends in .json, else Markdown' },
  stats: { usage: '/stats', summary: 'show tokens, speed and how full the context is' },
  exit: { usage: '/exit', summary: 'leave (also Ctrl-D)' },
} as const

export type SlashName = keyof typeof slashCommands

const farewells: ReadonlySet<string> = new Set(['exit', 'quit', 'q', '/exit', '/quit', '/q', '/bye'])
const names = Object.keys(slashCommands) as SlashName[]
const isName = (word: string): word is SlashName => Object.hasOwn(slashCommands, word)

/** A text that begins with `//` is a question that begins with `/`; so is a path or anything else that is no single word. */
export function readTyped(text: string): Typed {
  const trimmed = text.trim()
  if (trimmed === '') return { kind: 'nothing' }
  if (farewells.has(trimmed.toLowerCase())) return { kind: 'leave' }
  if (trimmed.startsWith('//')) return { kind: 'question', text: trimmed.slice(1) }
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(trimmed)
  if (match === null) return { kind: 'question', text: trimmed }
  const name = match[1]?.toLowerCase() ?? ''
  if (isName(name)) return { kind: 'command', name, rest: match[2]?.trim() ?? '' }
  const nearest = names.find((known) => known.startsWith(name)) ?? names.find((known) => known[0] === name[0]) ?? null
  return { kind: 'unknown', name, nearest }
}

export function renderHelp(): string[] {
  const width = Math.max(...Object.values(slashCommands).map(({ usage }) => usage.length))
  return [
    ...Object.values(slashCommands).map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
    '',
    '  Several lines: end a line with \\, or write between """ and """. Arrow up brings back what was typed.',
    '  Ctrl-C stops an answer and keeps what came of it. A question that begins with / is typed with //.',
  ]
}
