import { describe, expect, it } from 'vitest'
import { displayWidth, fitColumns, renderTable, type Column } from './table'

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

  it('cuts names first, then drops columns, the least important first', () => {
    const shown = (available: number): string[] => fitColumns(columns, rows, available).map(({ index }) => columns[index]!.title)
    expect(shown(50)).toEqual(['Name', 'Hash', 'Size', 'Type'])
    expect(shown(35)).toEqual(['Name', 'Size', 'Type'])
    expect(shown(25)).toEqual(['Name', 'Size'])
  })

  it('writes no colours of its own, and keeps a cell on one line', () => {
    const text = renderTable([{ title: 'A' }], [['x\ny\u001B[2J']], { available: null, head: plain })
    expect(text).not.toContain('\u001B')
    expect(text.split('\n')).toHaveLength(2)
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
