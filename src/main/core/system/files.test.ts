import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataPaths, prepareDataFolder, toFileError, writePrivateFile } from '.'

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const folder = (): string => mkdtempSync(join(tmpdir(), 'mlxk-system-'))
const pathsIn = (home: string) => dataPaths({ MLXK_HOME: join(home, 'data') }, { os: 'linux', arch: 'x64', home })

test('the data folder is made for this user alone', () => {
  const paths = pathsIn(folder())
  prepareDataFolder(paths)
  expect([mode(paths.root), mode(paths.run)]).toEqual(['700', '700'])
})

test('a folder that was there keeps its rights; the one with keys is closed', () => {
  const paths = pathsIn(folder())
  mkdirSync(paths.run, { recursive: true })
  chmodSync(paths.root, 0o755)
  chmodSync(paths.run, 0o777)
  prepareDataFolder(paths)
  expect([mode(paths.root), mode(paths.run)]).toEqual(['755', '700'])
})

test('a private file is replaced as a whole, with no rights for others and nothing left beside it', async () => {
  const home = folder()
  const file = join(home, 'deep', 'key.json')
  await writePrivateFile(file, 'one')
  await writePrivateFile(file, 'two')
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(mode(file)).toBe('600')
  expect(readdirSync(join(home, 'deep'))).toEqual(['key.json'])
})

describe('a place that cannot hold our folder is an error that says why and what to do', () => {
  test.each<[string, (path: string) => void, string]>([
    ['a file', (path) => writeFileSync(path, 'x'), 'it is a file, not a folder'],
    [
      'a link to a file',
      (path) => (writeFileSync(`${path}-file`, 'x'), symlinkSync(`${path}-file`, path)),
      'it is a link to a file',
    ],
    ['a dangling link', (path) => symlinkSync(`${path}-nothing`, path), 'it is a link to nothing'],
    ['a loop of links', (path) => symlinkSync(path, path), 'it is a link that leads in a circle'],
  ])('%s', (_what, make, sentence) => {
    const paths = pathsIn(folder())
    make(paths.root)
    const below = { root: join(paths.root, 'below'), run: join(paths.root, 'below', 'run') }
    for (const [place, who] of [[paths, 'it'] as const, [below, paths.root] as const]) {
      let thrown: unknown
      try {
        prepareDataFolder(place)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toMatchObject({ code: 'invalid_setting', hint: expect.stringContaining('MLXK_HOME') })
      expect(String(thrown)).toContain(sentence.replace(/^it/, who))
    }
  })

  test.runIf(process.platform === 'linux')('a file system that takes no folders at all does not hang us', () => {
    const root = '/proc/mlxk-none'
    expect(() => prepareDataFolder({ root, run: join(root, 'run') })).toThrow('cannot be made (ENOENT)')
  })
})

test('a link to a folder is as good as a folder', () => {
  const paths = pathsIn(folder())
  mkdirSync(`${paths.root}-real`)
  symlinkSync(`${paths.root}-real`, paths.root)
  prepareDataFolder(paths)
  expect(mode(paths.run)).toBe('700')
})

describe('errors of the file system', () => {
  test.each([
    ['ENOSPC', 'disk_full'],
    ['EDQUOT', 'disk_full'],
    ['EACCES', 'permission_denied'],
    ['EROFS', 'permission_denied'],
  ])('%s is %s', (errno, code) => {
    expect(toFileError(Object.assign(new Error(errno), { code: errno }), '/x')).toMatchObject({ code, hint: expect.any(String) })
  })
  test('anything else stays what it is', () => {
    const error = new Error('other')
    expect(toFileError(error, '/x')).toBe(error)
  })
})
