import { describe, expect, test } from 'vitest'
import { parseJsonFile } from './json-file'

describe('parseJsonFile', () => {
  test.each([
    ['{"a":1}', 'ok'],
    ['', 'empty'],
    [' \n', 'empty'],
    ['{', 'invalid'],
    ['\uFEFF{"a":1}', 'bom'],
    ['{}', 'not_object'],
    ['[1]', 'not_object'],
    ['null', 'not_object'],
    ['<!DOCTYPE html><html></html>', 'html'],
    ['\n<html lang="en">', 'html'],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n', 'lfs_pointer'],
    ['['.repeat(100_000), 'too_deep'],
  ])('%.30j is %s', (text, state) => {
    expect(parseJsonFile(text).state).toBe(state)
  })

  test("Python's NaN and Infinity are read, also beside strings that hold the words", () => {
    expect(parseJsonFile('{"a":[0.0,Infinity,-Infinity,NaN],"b":"Infinity and \\"NaN\\""}')).toEqual({
      state: 'ok',
      value: { a: [0, null, null, null], b: 'Infinity and "NaN"' },
    })
  })
})
