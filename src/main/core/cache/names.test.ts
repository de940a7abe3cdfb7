import { describe, expect, test } from 'vitest'
import { isPathLike, parseModelSpec, toRepoFolder, toRepoName } from './names'

describe('folder names', () => {
  test.each(['org/model', 'org/sub/model', 'model', 'mlx-community/Qwen3-0.6B-4bit'])('%s comes back from its folder', (name) => {
    expect(toRepoName(toRepoFolder(name))).toBe(name)
  })

  test.each([
    ['models--org--model---x', 'org/model/-x'],
    ['models--org----m', 'org//m'],
    ['models--', ''],
  ])('%s shows as %j, odd as it is', (folder, name) => {
    expect(toRepoName(folder)).toBe(name)
  })

  test.each(['datasets--a--b', 'spaces--a--b', '.locks', 'CACHEDIR.TAG', 'blobs', 'Models--a--b'])('%s is no model', (folder) => {
    expect(toRepoName(folder)).toBeNull()
  })
})

describe('parseModelSpec', () => {
  test('name and hash are taken apart, the hash in lower case', () => {
    expect(parseModelSpec('org/model')).toEqual({ name: 'org/model', hashPrefix: null })
    expect(parseModelSpec('Model@E96a')).toEqual({ name: 'Model', hashPrefix: 'e96a' })
  })

  test.each([
    '',
    ' ',
    '\t\n',
    'a\\b',
    'a\0b',
    'a\nb',
    'a\u007fb',
    '@abc',
    'Model@',
    'A@@b',
    'A@b@c',
    'a/../b',
    'a/..',
    'a/./b',
    'x'.repeat(97),
  ])('%j is refused as no name', (spec) => {
    expect(() => parseModelSpec(spec)).toThrow(expect.objectContaining({ code: 'invalid_name', hint: expect.any(String) }))
  })

  test('96 characters are allowed, the revision is not counted', () => {
    expect(parseModelSpec(`${'x'.repeat(96)}@${'a'.repeat(40)}`).name).toHaveLength(96)
    expect(parseModelSpec('ü'.repeat(96)).name).toHaveLength(96)
  })

  test('a message shows a long or odd name short and escaped', () => {
    expect(() => parseModelSpec(`\u0007${'x'.repeat(500)}`)).toThrow(/^.{1,220}$/)
  })

  test.each(['./x', '../x', '/x/y', '~/x', '.', '..'])('%s is a path to people', (spec) => {
    expect(isPathLike(spec)).toBe(true)
  })

  test.each(['.hidden/x', '..x', 'a/b'])('%s is not', (spec) => {
    expect(isPathLike(spec)).toBe(false)
  })
})
