import { common, createLowlight } from 'lowlight'

// Loaded with the first code that has a language; the languages of `common` are those that people ask about most.
const lowlight = createLowlight(common)

/** A piece of code: its text, and what it is (`hljs-keyword`). */
export interface Token {
  text: string
  className: string | null
}

interface HastNode {
  type: string
  value?: string
  properties?: { className?: unknown }
  children?: HastNode[]
}

function flatten(nodes: readonly HastNode[], className: string | null, tokens: Token[]): void {
  for (const { type, value, properties, children } of nodes) {
    if (type === 'text' && value !== undefined) tokens.push({ text: value, className })
    const own = properties?.className
    if (children !== undefined) flatten(children, Array.isArray(own) ? own.map(String).join(' ') : className, tokens)
  }
}

/** Null when the language is not known. */
export function highlight(language: string, text: string): Token[] | null {
  if (!lowlight.registered(language)) return null
  const tokens: Token[] = []
  flatten(lowlight.highlight(language, text).children, null, tokens)
  return tokens
}
