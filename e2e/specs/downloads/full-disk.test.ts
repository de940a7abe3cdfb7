import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest'
import { slow } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { openBench, type Bench } from './bench'

const KIB = 1024
const MIB = 1024 * KIB
const PAGE = 4 * KIB
const files: Record<string, string | Buffer> = {
  ...healthyFiles(),
  'sub/words.txt': randomBytes(20 * KIB),
  'model.safetensors': randomBytes(40 * KIB),
}
const sizes = new Set(Object.values(files).map((content) => Buffer.byteLength(content)))

let disk = ''
let bench: Bench | null = null
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'mlxk-disk-'))
})
afterEach(async () => {
  await bench?.close()
  bench = null
  spawnSync('umount', [disk])
  rmSync(disk, { recursive: true, force: true })
})
/** A disk of that size at `disk`, or the end of the test where nobody may make one. */
function mount(test: TestContext, bytes: number): void {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk]).status !== 0)
    test.skip('cannot mount a small disk here')
}
const resize = (bytes: number): unknown => spawnSync('mount', ['-o', `remount,size=${bytes}`, disk])
/** Files with their final name, which must be whole whenever one looks. */
function expectNoHalfBlob(root: string): void {
  const folder = join(root, 'models--org--model', 'blobs')
  for (const blob of readdirSync(folder, { withFileTypes: true }))
    if (!blob.name.endsWith('.incomplete')) expect(sizes).toContain(statSync(join(folder, blob.name)).size)
}

describe('a disk that is full', () => {
  it('at whatever byte: said, nothing half gets its name, and with room the next run goes on', async (test) => {
    mount(test, MIB)
    const folder = join(disk, 'home')
    mkdirSync(folder)
    const one = (bench = await openBench({ repos: [{ id: 'org/model', files }], folder }))
    const plan = await one.plan()
    let full = 0
    let done = false
    // Page by page, from no room at all to enough: every write of a download is the one that fails once.
    for (let room = 1; !done; room += 1) {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
      resize(MIB)
      writeFileSync(join(disk, 'filler'), Buffer.alloc(MIB - room * PAGE - PAGE))
      const outcome = await one.run(plan).then(
        () => null,
        (error: { code: string }) => error.code,
      )
      done = outcome === null
      if (!done) {
        full += 1
        expect(outcome).toBe('disk_full')
        if (room > 3) expectNoHalfBlob(one.root)
        resize(2 * MIB)
        await one.run(await one.plan())
      }
      const at = join(one.root, 'models--org--model')
      for (const [path, content] of Object.entries(files))
        expect(readFileSync(join(at, 'snapshots', plan.commit, path)).equals(Buffer.from(content as string))).toBe(true)
      expect(readFileSync(join(at, 'refs', 'main'), 'utf8')).toBe(plan.commit)
    }
    expect(full).toBeGreaterThan(15)
  })

  it('or nearly, by another program: it stops at the room that is left for others, and goes on when there is more', async (test) => {
    mount(test, 64 * MIB)
    let hurryMs = 0
    const large = { ...files, 'model.safetensors': randomBytes(8 * MIB) }
    const one = (bench = await openBench({
      repos: [{ id: 'org/model', files: large }],
      layers: [slow('cdn', 8 * MIB)],
      folder: join(disk, 'home'),
      // Room is looked at twice a minute.
      now: () => performance.now() + hurryMs,
    }))
    const plan = await one.plan()
    const running = one.run(plan).then(
      () => null,
      (error: { code: string }) => error,
    )
    while ((one.progress.at(-1)?.doneBytes ?? 0) < 2 * MIB) await new Promise((resolve) => setTimeout(resolve, 10))
    // A twentieth of the disk is for others: 3.2 MiB. The rest would still fit.
    const { bavail, bsize } = await import('node:fs/promises').then(({ statfs }) => statfs(disk))
    writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - 3 * MIB))
    hurryMs = 31_000
    expect(await running).toMatchObject({ code: 'disk_full', hint: expect.stringContaining('kept') })
    expect((await one.plan()).disk.fits).toBe(false)
    rmSync(join(disk, 'filler'))
    const next = await one.plan()
    expect(next.fetchBytes).toBeLessThan(plan.fetchBytes)
    await one.run(next)
  })

  it('a disk that may only be read is permission_denied, and nothing else', async (test) => {
    mount(test, MIB)
    const one = (bench = await openBench({ repos: [{ id: 'org/model', files }], folder: join(disk, 'home') }))
    spawnSync('mount', ['-o', 'remount,ro', disk])
    await expect(one.pull()).rejects.toMatchObject({ code: 'permission_denied', hint: expect.any(String) })
    expect(readdirSync(disk)).toEqual([])
    spawnSync('mount', ['-o', 'remount,rw', disk])
  })
})
