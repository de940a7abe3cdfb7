import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHashing, type Hashing } from './blob-hash'

const MIB = 1024 * 1024
const bytes = Buffer.alloc(20 * MIB, 'a file that grows, and is hashed meanwhile. ')
const { signal } = new AbortController()
const sha256 = createHash('sha256').update(bytes).digest('hex')
let folder: string
let file: string
let hashing: Hashing
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-hasher-'))
  file = join(folder, 'partial')
  hashing = createHashing(null)
})
afterEach(async () => {
  await hashing.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the hash of a blob that is fetched', () => {
  it('is that of what lies on the disk, however it was told of it', async () => {
    const hash = hashing.open(file, 'sha256', bytes.length)
    writeFileSync(file, bytes.subarray(0, 9 * MIB))
    hash.reach(5 * MIB)
    hash.reach(9 * MIB)
    hash.reach(3 * MIB)
    await new Promise(setImmediate)
    writeFileSync(file, bytes.subarray(9 * MIB), { flag: 'a' })
    expect(await hash.digest(signal)).toBe(sha256)
  })

  it('of git has a header with the length', async () => {
    writeFileSync(file, 'hello\n')
    // `printf 'hello\n' | git hash-object --stdin`
    expect(await hashing.open(file, 'git-sha1', 6).digest(signal)).toBe('ce013625030ba8dba906f756967f9e9ca394464a')
  })

  it('of an empty file is that of nothing', async () => {
    writeFileSync(file, '')
    expect(await hashing.open(file, 'sha256', 0).digest(signal)).toBe(createHash('sha256').digest('hex'))
  })

  it('of several files at a time keeps them apart', async () => {
    const names = ['a', 'b', 'c']
    const all = names.map(async (name) => {
      const path = join(folder, name)
      writeFileSync(path, bytes.subarray(0, 10 * MIB + name.charCodeAt(0)))
      return await hashing.open(path, 'sha256', 10 * MIB + name.charCodeAt(0)).digest(signal)
    })
    expect(await Promise.all(all)).toEqual(
      names.map((name) =>
        createHash('sha256')
          .update(bytes.subarray(0, 10 * MIB + name.charCodeAt(0)))
          .digest('hex'),
      ),
    )
  })

  it('begins anew with the file', async () => {
    const hash = hashing.open(file, 'sha256', bytes.length)
    writeFileSync(file, Buffer.alloc(bytes.length, 'x'))
    hash.reach(bytes.length)
    await new Promise(setImmediate)
    hash.restart()
    writeFileSync(file, bytes)
    expect(await hash.digest(signal)).toBe(sha256)
  })

  it('is none when the file is shorter than its journal says', async () => {
    writeFileSync(file, bytes.subarray(0, MIB))
    const hash = hashing.open(file, 'sha256', bytes.length)
    hash.reach(8 * MIB)
    await new Promise(setImmediate)
    expect(await hash.digest(signal)).toBeNull()
  })

  it('fails with the reason of the system when the file cannot be read', async () => {
    await expect(hashing.open(join(folder, 'nowhere'), 'sha256', 3).digest(signal)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is not waited for by whoever stops', async () => {
    writeFileSync(file, bytes)
    const controller = new AbortController()
    const hash = hashing.open(file, 'sha256', bytes.length)
    const digest = hash.digest(controller.signal)
    controller.abort()
    await expect(digest).rejects.toMatchObject({ code: 'cancelled' })
    await expect(hash.digest(controller.signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await hash.digest(signal)).toBe(sha256)
  })

  it('fails when its thread cannot run, at once and from then on', async () => {
    const broken = createHashing(join(folder, 'no-such-worker.cjs'))
    writeFileSync(file, bytes)
    await expect(broken.open(file, 'sha256', bytes.length).digest(signal)).rejects.toMatchObject({ code: 'internal' })
    await expect(broken.open(file, 'sha256', bytes.length).digest(signal)).rejects.toMatchObject({ code: 'internal' })
    await broken.close()
  })
})
