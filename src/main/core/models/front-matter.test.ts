import { expect, test } from 'vitest'
import { readFrontMatter } from './front-matter'

test.each<[string, string, string[]]>([
  ['a list below', '---\ntags:\n- MLX\n- "chat"\nlicense: mit\n---\n', ['MLX', 'chat']],
  ['an indented list', '---\ntags:\n  - mlx\n---\n', ['mlx']],
  ['a list in line', "---\ntags: [a, 'mlx']\n---\n", ['a', 'mlx']],
  ['one value', '---\ntags: mlx\n---', ['mlx']],
  ['Windows line ends and a byte order mark', '\uFEFF---\r\ntags:\r\n- mlx\r\n---\r\n', ['mlx']],
  ['no head', '# tags: mlx', []],
  ['the key after the head', '---\nlicense: mit\n---\ntags: mlx\n', []],
  ['another key that begins alike', '---\ntags_old: mlx\n---\n', []],
  ['a head that does not end', '---\ntags: mlx\n', ['mlx']],
  ['nothing', '', []],
])('%s', (_name, readme, tags) => {
  expect(readFrontMatter(readme, 'tags')).toEqual(tags)
})
