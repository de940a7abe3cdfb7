import { describe, expect, it } from 'vitest'
import { cutText, displayWidth, fitColumns, renderTable, type Column } from './table'

const columns: Column[] = [
  { title: 'Name', narrow: 'shrink' },
  { title: 'Hash', narrow: 1 },
  { title: 'Size', align: 'right' },
  { title: 'Type', narrow: 2 },
]
const rows = [
  ['Llama-3.2-1B-Instruct-4bit-with-a-long-name', '0123456', '4.6 GB', 'chat'],
  ['Qwen模型', '89abcde', '470 B', 'base'],
]
const plain = (text: string): string => text

describe('renderTable', () => {
  it('is as wide as it likes where there is no terminal, without trailing blanks', () => {
    expect(renderTable(columns, rows, { available: null, head: plain })).toBe(
      [
        'Name                                         Hash       Size  Type',
        'Llama-3.2-1B-Instruct-4bit-with-a-long-name  0123456  4.6 GB  chat',
        'Qwen模型                                     89abcde   470 B  base',
      ].join('\n'),
    )
  })

  it.each([120, 80, 60, 50, 40, 30])('fits %i columns', (available) => {
    const lines = renderTable(columns, rows, { available, head: plain }).split('\n')
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(available)
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain('4.6 GB')
  })

  it('cuts names to what can still be read, then drops columns, the least important first, then cuts names further', () => {
    const shown = (available: number): [number | undefined, string] => {
      const fitted = fitColumns(columns, rows, available)
      return [fitted[0]?.width, fitted.map(({ index }) => columns[index]!.title).join(' ')]
    }
    expect(shown(66)).toEqual([43, 'Name Hash Size Type'])
    expect(shown(60)).toEqual([37, 'Name Hash Size Type'])
    expect(shown(58)).toEqual([36, 'Name Size Type'])
    expect(shown(46)).toEqual([36, 'Name Size'])
    expect(shown(25)).toEqual([17, 'Name Size'])
  })

  it('cuts a name in its middle: organization and quantization stay', () => {
    const [name, ...more] = columns
    const text = renderTable([{ ...name!, cut: 'middle' }, ...more], rows, { available: 46, head: plain })
    expect(text.split('\n')[1]).toBe('Llama-3.2-1B-Instr…-with-a-long-name  4.6 GB')
  })

  it('writes no colours of its own, and keeps a cell on one line', () => {
    const text = renderTable([{ title: 'A' }], [['x\ny\u001B[2J']], { available: null, head: plain })
    expect(text).not.toContain('\u001B')
    expect(text.split('\n')).toHaveLength(2)
  })
})

describe('cutText', () => {
  it.each([
    ['Llama-3.2', 9, 'Llama-3.2', 'Llama-3.2'],
    ['Llama-3.2', 7, 'Llama-…', 'Lla…3.2'],
    ['模型模型模型', 7, '模型模…', '模型…型'],
    ['👩‍💻👩‍💻👩‍💻', 5, '👩‍💻👩‍💻…', '👩‍💻…👩‍💻'],
    ['abc', 1, '…', '…'],
    ['abc', 0, '', ''],
  ])('%j in %i columns, at the end and in the middle', (text, width, end, middle) => {
    expect([cutText(text, width), cutText(text, width, 'middle')]).toEqual([end, middle])
    expect(displayWidth(cutText(text, width, 'middle'))).toBeLessThanOrEqual(width)
  })
})

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['模型', 4],
    ['한국', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['🦙', 2],
    ['👩‍💻', 2],
    ['\u001B[31mred\u001B[39m', 3],
    ['©', 1],
  ])('%j takes %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})
