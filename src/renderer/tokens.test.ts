import { describe, expect, it } from 'vitest'

// vitest empties imported style sheets, and the page's types know no Node: hence the file itself, by a name that types do not follow.
const NODE_FS: string = 'node:fs'
const fs: { readFileSync: (file: string, encoding: 'utf8') => string } = await import(/* @vite-ignore */ NODE_FS)
const css = fs.readFileSync('src/renderer/tokens.css', 'utf8')

/** The declarations of the block that begins with `selector`, comments and indentation aside. */
function declarations(selector: string): string[] {
  const start = css.indexOf(selector)
  expect(start).toBeGreaterThan(-1)
  const body = css.slice(css.indexOf('{', start) + 1, css.indexOf('}', start))
  return body
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

describe('design tokens', () => {
  it('say the same for a dark system and for a chosen dark theme', () => {
    const bySystem = declarations(":root:not([data-theme='light'])")
    const chosen = declarations(":root[data-theme='dark']")
    expect(bySystem.length).toBeGreaterThan(30)
    expect(chosen).toEqual(bySystem)
  })
})
