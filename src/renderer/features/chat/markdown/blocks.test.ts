import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { definitionsOf, splitBlocks, type Split } from './blocks'
import { toMathMarkdown } from './math'

const kinds = (text: string): string[] => splitBlocks(text).blocks.map(({ kind, text: part }) => `${kind}:${part.trimEnd()}`)

describe('blocks of an answer', () => {
  it('are paragraphs, lists, tables and code; what belongs together stays together', () => {
    expect(kinds('# A\n\nOne\ntwo\n\n- a\n\n- b\n\n  more\n\nLast')).toEqual([
      'markdown:# A',
      'markdown:One\ntwo',
      'markdown:- a\n\n- b\n\n  more',
      'markdown:Last',
    ])
    expect(kinds('Text\n```js\nlet a\n\nb\n```\nafter')).toEqual(['markdown:Text', 'code:let a\n\nb', 'markdown:after'])
    expect(kinds('1. one\n\n   ```\n   code\n\n   more\n   ```\n\n2. two')).toEqual([
      'markdown:1. one\n\n   ```\n   code\n\n   more\n   ```\n\n2. two',
    ])
    expect(kinds('$$\na\n\nb\n$$\n\nx')).toEqual(['markdown:$$\na\n\nb\n$$', 'markdown:x'])
    expect(kinds('````md\n```\nx\n```\n````')).toEqual(['code:```\nx\n```'])
  })

  it('know the language of code, and whether its end has come', () => {
    expect(splitBlocks('```python title=x\na').blocks[0]).toEqual({ kind: 'code', text: 'a', language: 'python', open: true })
    expect(splitBlocks('~~~\na\n~~~').blocks[0]).toEqual({ kind: 'code', text: 'a', language: null, open: false })
  })

  it('come out the same, however the text arrives; finished ones keep their identity', () => {
    const line = fc.constantFrom(
      'word',
      '- item',
      '1. one',
      '  indented',
      '```js',
      '```',
      '',
      '',
      '$$',
      '\\[',
      '\\]',
      '> quote',
      '| a | b |',
      '    code',
      '~~~',
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.array(fc.nat(9), { minLength: 1, maxLength: 60 }), (lines, steps) => {
        const text = lines.join('\n')
        let split: Split | null = null
        let at = 0
        for (let turn = 0; at < text.length; turn++) {
          at = Math.min(text.length, at + 1 + (steps[turn % steps.length] ?? 0))
          const next = splitBlocks(text.slice(0, at), split)
          const finished = (split?.blocks.length ?? 0) - 2
          for (let index = 0; index < finished; index++) expect(next.blocks[index]).toBe(split?.blocks[index])
          split = next
        }
        if (split !== null) expect(split).toEqual(splitBlocks(text))
      }),
    )
  })

  it('of a megabyte in one line are pieces, of which the finished ones never change', () => {
    const text = 'x'.repeat(1_000_000)
    const first = splitBlocks(text)
    expect(first.blocks.every(({ kind, text: part }) => kind === 'plain' && part.length <= 16_000)).toBe(true)
    expect(first.blocks.map(({ text: part }) => part).join('')).toBe(text)
    const next = splitBlocks(`${text}y`, first)
    expect(next).toEqual(splitBlocks(`${text}y`))
    expect(next.blocks.slice(0, 60).every((block, index) => block === first.blocks[index])).toBe(true)
  })

  it('find the places that links name', () => {
    expect(definitionsOf('See [a].\n\n[a]: https://x.org\ntext [b]: no')).toBe('[a]: https://x.org')
  })
})

describe('formulas', () => {
  it.each([
    ['Area \\(a^2\\) and \\[b\\]', 'Area $$a^2$$ and \n$$\nb\n$$\n'],
    ['so $x + 1$, yes', 'so $$x + 1$$, yes'],
    ['costs $5 and $10', 'costs $5 and $10'],
    ['$HOME/$USER and ${A}', '$HOME/$USER and ${A}'],
    ['`$a$` and \\$b$', '`$a$` and \\$b$'],
    ['$$x$$', '$$x$$'],
    ['between $5-$10', 'between $5-$10'],
  ])('%s', (text, expected) => {
    expect(toMathMarkdown(text)).toBe(expected)
  })
})
