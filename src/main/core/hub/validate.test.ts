import fc from 'fast-check'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCommit, findPathProblem, toFiles } from './validate'

const oid = 'a'.repeat(40)
const sha256 = 'b'.repeat(64)
const entry = (path: unknown, more: object = {}): object => ({ type: 'file', path, size: 3, oid, ...more })

describe('a listing of the Hub', () => {
  it('becomes files, with the hash that their blobs have', () => {
    expect(
      toFiles([
        entry('config.json'),
        { type: 'directory', path: 'sub', oid },
        entry('sub/model.safetensors', { lfs: { oid: sha256, size: 99 }, xetHash: sha256 }),
      ]),
    ).toEqual([
      { path: 'config.json', sizeBytes: 3, oid, sha256: null, xetHash: null },
      { path: 'sub/model.safetensors', sizeBytes: 99, oid, sha256, xetHash: sha256 },
    ])
  })

  it.each([
    ['..', '../x'],
    ['.. inside', 'a/../../x'],
    ['an absolute path', '/etc/passwd'],
    ['an empty part', 'a//b'],
    ['NUL', 'a\u0000b'],
    ['a line break', 'a\nb'],
    ['a backslash', 'a\\..\\b'],
    ['a drive', 'c:\\x'],
    ['no name', ''],
    ['a number', 7],
    ['a part of 256 bytes', 'ä'.repeat(128)],
    ['more than 4096 bytes', 'a/'.repeat(2100) + 'b'],
  ])('with %s in a path is refused', (_name, path) => {
    expect(() => toFiles([entry(path)])).toThrow(expect.objectContaining({ code: 'hub_invalid' }))
  })

  it.each([
    ['a hash that is a path', { lfs: { oid: '../../../escaped', size: 1 } }],
    ['a short hash', { oid: 'abc' }],
    ['upper case', { oid: 'A'.repeat(40) }],
    ['a negative size', { size: -1 }],
    ['a size that is no number', { size: '3' }],
    ['a size beyond all disks', { size: 2 ** 50 }],
    ['half a byte', { size: 0.5 }],
    ['a large file without a hash', { lfs: { size: 1 } }],
  ])('with %s is refused', (_name, more) => {
    expect(() => toFiles([entry('x', more)])).toThrow(expect.objectContaining({ code: 'hub_invalid' }))
  })

  it.each([
    ['twice', ['x', 'x']],
    ['in two letter cases', ['Model.json', 'model.json']],
    ['in two Unicode forms', ['\u00e9.json', 'e\u0301.json']],
    ['as a file and as a folder', ['a', 'A/b']],
  ])('with the same place %s is refused', (_name, paths) => {
    expect(() => toFiles(paths.map((path) => entry(path)))).toThrow(expect.objectContaining({ code: 'hub_invalid' }))
  })

  it('never lets a path through that leads out of its folder', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', '/', '\\', 'a', '\u0000'), fc.string({ maxLength: 8 }))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = parts.join('/')
        if (findPathProblem(path) !== null) return
        expect(posix.normalize(`/home/${path}`)).toBe(`/home/${path}`)
      }),
      { numRuns: 2000 },
    )
  })
})

it('a commit is forty hex digits and nothing else', () => {
  expect(checkCommit(oid)).toBe(oid)
  for (const bad of ['main', '../../../x', oid.slice(1), `${oid}\n`, null, 7])
    expect(() => checkCommit(bad)).toThrow(expect.objectContaining({ code: 'hub_invalid' }))
})
