import { describe, expect, it } from 'vitest'
import { findCommandWord, parseGlobals } from './argv'

describe('parseGlobals', () => {
  it.each([
    [['list'], 'human', ['list']],
    [['list', '--json'], 'envelope', ['list']],
    [['--json', 'list'], 'envelope', ['list']],
    [['list', '--json=full', 'x'], 'full', ['list', 'x']],
    [['engine', '--json=stream', 'install'], 'stream', ['engine', 'install']],
    [['list', '--json', '--json=full'], 'full', ['list']],
    [['run', 'm', '--', '--json'], 'human', ['run', 'm', '--', '--json']],
  ] as const)('reads the form of output anywhere before --: %j', (argv, mode, rest) => {
    expect(parseGlobals(argv, 'mlxk')).toMatchObject({ mode, rest, problem: null })
  })

  it('makes mlxk2 flat, and an envelope with --json', () => {
    expect(parseGlobals(['list'], 'mlxk2').mode).toBe('flat')
    expect(parseGlobals(['list', '--json'], 'mlxk2').mode).toBe('envelope')
  })

  it.each(['--json=', '--json=yaml', '--json=toString'])('answers an unknown form %s in JSON', (word) => {
    const globals = parseGlobals(['list', word], 'mlxk')
    expect(globals.mode).toBe('envelope')
    expect(globals.problem).toContain(word)
  })

  it('takes --no-color away from the command', () => {
    expect(parseGlobals(['list', '--no-color'], 'mlxk')).toMatchObject({ color: false, rest: ['list'] })
  })
})

describe('findCommandWord', () => {
  it('is the first word that is no option, and none after --', () => {
    expect(findCommandWord(['--all', 'list', 'x'])).toBe('list')
    expect(findCommandWord(['--', 'list'])).toBeNull()
    expect(findCommandWord([])).toBeNull()
  })
})
