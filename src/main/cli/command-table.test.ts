import { describe, expect, it } from 'vitest'
import { commands, lookUpCommand, suggestCommand } from './command-table'

/** The commands of product.md §5, as they stand there. */
const promised =
  'list show health verify repair pull downloads update outdated search import rm prune du trust run chat serve ps load unload stop ui engine demo doctor report config login logout whoami service completion version'

describe('command table', () => {
  it('knows every promised command, as built or as announced', () => {
    const kinds = promised.split(' ').map((word) => [word, lookUpCommand(word).kind])
    expect(kinds.filter(([, kind]) => kind !== 'built' && kind !== 'planned')).toEqual([])
  })

  it('takes server for serve, and nothing from the prototype', () => {
    expect(lookUpCommand('server')).toMatchObject({ kind: 'built', name: 'serve' })
    expect(lookUpCommand('constructor').kind).toBe('unknown')
  })

  it.each(['clone', 'convert', 'push', 'embed', 'embed-serve'])('names what does the job of mlx-knife’s %s', (word) => {
    expect(lookUpCommand(word)).toMatchObject({ kind: 'foreign', instead: expect.stringContaining('Use ') })
  })

  it.each([
    ['lst', 'list'],
    ['helth', 'health'],
    ['SERVE', null],
    ['xyzzy', null],
  ])('suggests for %s: %s', (word, suggestion) => {
    expect(suggestCommand(word)).toBe(suggestion)
  })

  it('loads a definition for every built command', async () => {
    for (const entry of Object.values(commands)) expect((await entry.load()).define).toBeTypeOf('function')
  })
})
