import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { importFiles, type ImportIo } from './import-files'
import type { PullPlan } from './types'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-import-'))
  mkdirSync(join(folder, 'from'))
  writeFileSync(join(folder, 'from', 'model.safetensors'), 'weights')
  return () => rmSync(folder, { recursive: true, force: true })
})

const blob = createHash('sha256').update('weights').digest('hex')
const plan = (): PullPlan => ({
  repo: 'org/model',
  revision: 'main',
  commit: 'c'.repeat(40),
  root: join(folder, 'hub'),
  folder: 'models--org--model',
  files: [{ path: 'model.safetensors', sizeBytes: 7, blob, algorithm: 'sha256', state: 'missing', haveBytes: 0, damaged: false }],
  skipped: [],
  tree: [],
  totalBytes: 7,
  fetchBytes: 7,
  disk: { freeBytes: null, neededBytes: 7, fits: true },
  gated: false,
  tags: [],
  licence: null,
})
const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code })
}
const done: string[] = []
const io = (more: Partial<ImportIo>): ImportIo => ({
  clone: failing('ENOTSUP'),
  link: failing('EXDEV'),
  copy: (_from, to) => writeFileSync(to, 'weights'),
  ...more,
})
const run = (more: Partial<ImportIo>, mayCopy = false, signal = new AbortController().signal) =>
  importFiles(plan(), join(folder, 'from'), {
    hashes: { learn: (_algorithm, _identity, value) => void done.push(value), save: () => Promise.resolve() },
    signal,
    mayCopy,
    onProgress: () => undefined,
    io: io(more),
  })
const blobs = (): string => join(folder, 'hub', 'models--org--model', 'blobs')

test('a clone is preferred, then a link, then, if it may be, a copy', async () => {
  const write = (_from: string, to: string): void => writeFileSync(to, 'weights')
  expect(await run({ clone: write })).toMatchObject([{ state: 'cloned' }])
  expect(await run({ link: write })).toMatchObject([{ state: 'linked' }])
  expect(await run({}, true)).toMatchObject([{ state: 'copied' }])
  expect(readdirSync(blobs())).toEqual([blob])
})

test('another disk is refused with the way on, and nothing is left', async () => {
  await expect(run({})).rejects.toMatchObject({ code: 'not_imported', hint: expect.stringContaining('--copy') as string })
  expect(readdirSync(blobs())).toEqual([])
})

test('a full disk is said', async () => {
  await expect(run({ copy: failing('ENOSPC') }, true)).rejects.toMatchObject({ code: 'disk_full' })
  expect(readdirSync(blobs())).toEqual([])
})

test('a file that changes between its hash and its place is refused', async () => {
  const touch = (from: string, to: string): void => {
    writeFileSync(to, 'weights')
    utimesSync(from, 1, 1)
  }
  await expect(run({ clone: touch })).rejects.toMatchObject({ code: 'not_imported' })
  expect(existsSync(join(blobs(), blob))).toBe(false)
})
