import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
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

test('a place that cannot hold our folder is an error that says so', async () => {
  const home = folder()
  writeFileSync(join(home, 'data'), 'a file')
  expect(() => prepareDataFolder(pathsIn(home))).toThrow(/EEXIST|ENOTDIR/)
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
