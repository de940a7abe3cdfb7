import { describe, expect, test } from 'vitest'
import { parseStart } from './argv'

describe('parseStart', () => {
  test.each<[string, string[], boolean, ReturnType<typeof parseStart>]>([
    ['nothing in the packaged app', ['/opt/mlx-knife'], false, { mode: 'app' }],
    ['nothing in development', ['electron', '.'], true, { mode: 'app' }],
    ['a Finder start', ['/Applications/MLX Knife', '-psn_0_12345'], false, { mode: 'app' }],
    [
      'switches of a test driver',
      ['electron', '--inspect=0', '--remote-debugging-port=0', '-r', '/x/loader.js', '.', '--no-sandbox'],
      true,
      { mode: 'app' },
    ],
    ['a link', ['/opt/mlx-knife', 'mlxk://model/org/name'], false, { mode: 'app' }],
    ['a command in development', ['electron', '.', 'list', '--json'], true, { mode: 'cli', args: ['list', '--json'] }],
    [
      'a command behind switches',
      ['electron', '--no-sandbox', '.', '--no-sandbox', 'list', '--json'],
      true,
      { mode: 'cli', args: ['list', '--json'] },
    ],
    ['an option before its command', ['/opt/mlx-knife', '--json', 'list'], false, { mode: 'cli', args: ['--json', 'list'] }],
    ['only --json', ['electron', '.', '--json'], true, { mode: 'cli', args: ['--json'] }],
    ['only --version', ['/opt/mlx-knife', '--version'], false, { mode: 'cli', args: ['--version'] }],
    [
      'words after the command, as they are',
      ['/opt/mlx-knife', 'run', 'org/m', 'say --no-sandbox', '--no-sandbox'],
      false,
      { mode: 'cli', args: ['run', 'org/m', 'say --no-sandbox', '--no-sandbox'] },
    ],
  ])('%s', (_name, argv, isDefaultApp, expected) => {
    expect(parseStart(argv, isDefaultApp)).toEqual(expected)
  })
})
