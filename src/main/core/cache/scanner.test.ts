import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { healthyModel } from '../../../../e2e/fixtures/cache'
import { scanRoots } from './scan'
import { createScanner } from './scanner'
import type { CacheRoot } from './types'

let folder: string
const roots = (): CacheRoot[] => [{ path: folder, kind: 'primary', rule: 'default' }]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-scanner-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

/** A worker file for the host's side of the protocol; the real one runs in e2e/specs/cache. */
function writeWorker(source: string): { outMain: string } {
  writeFileSync(join(folder, 'scan-worker.cjs'), `const { parentPort } = require('node:worker_threads')\n${source}`)
  return { outMain: folder }
}

describe('createScanner', () => {
  test('in this thread it is the scan itself', async () => {
    healthyModel(folder)
    const scanner = createScanner({ inWorker: false, layout: { outMain: folder } })
    expect(await scanner.scan(roots())).toEqual(scanRoots(roots()))
    await scanner.close()
  })

  test('without a built worker it scans in this thread', async () => {
    healthyModel(folder)
    const scanner = createScanner({ inWorker: true, layout: { outMain: join(folder, 'nowhere') } })
    expect((await scanner.scan(roots())).roots[0]?.repos).toHaveLength(1)
  })

  test('each root is answered for, in the order of the question', async () => {
    const layout = writeWorker(`parentPort.on('message', ({ id, root }) => parentPort.postMessage({ id, scan: root.path }))`)
    const scanner = createScanner({ inWorker: true, layout })
    const ask = (...paths: string[]): Promise<unknown> =>
      scanner.scan(paths.map((path) => ({ path, kind: 'extra', rule: 'settings' })))
    expect(await Promise.all([ask('/one', '/two'), ask(), ask('/three')])).toEqual([
      { roots: ['/one', '/two'] },
      { roots: [] },
      { roots: ['/three'] },
    ])
    await scanner.close()
  })

  test('a worker that dies fails its scan and is started again for the next', async () => {
    const layout = writeWorker(`
      parentPort.on('message', ({ id, root }) => {
        if (root.path === '/boom') throw new Error('boom')
        parentPort.postMessage({ id, scan: 'alive' })
      })`)
    const scanner = createScanner({ inWorker: true, layout })
    await expect(scanner.scan([{ ...roots()[0]!, path: '/boom' }])).rejects.toMatchObject({ code: 'internal' })
    expect(await scanner.scan(roots())).toEqual({ roots: ['alive'] })
    await scanner.close()
  })

  test('a root that does not answer is slow and holds up nothing; it is asked again when it has let go', async () => {
    // Busy rather than waiting: a thread that hangs in the system cannot be told anything either.
    const layout = writeWorker(`
      const { existsSync } = require('node:fs')
      parentPort.on('message', ({ id, root }) => {
        if (root.path.endsWith('asleep')) while (!existsSync(root.path)) {}
        parentPort.postMessage({ id, scan: root.path })
      })`)
    const asleep: CacheRoot = { path: join(folder, 'asleep'), kind: 'extra', rule: 'settings' }
    const scanner = createScanner({ inWorker: true, layout, patienceMs: 300 })
    const both = [asleep, ...roots()]
    const first = await scanner.scan(both)
    expect(first.roots).toEqual([
      { state: { ...asleep, state: 'slow', reason: expect.stringContaining('does not answer') }, repos: [], unchanged: [] },
      folder,
    ])
    expect((await scanner.scan(both)).roots[0]).toEqual(first.roots[0])
    writeFileSync(asleep.path, '')
    await expect.poll(async () => (await scanner.scan(both)).roots).toEqual([asleep.path, folder])
    await scanner.close()
  })

  test('closing ends a scan that runs and refuses the next', async () => {
    const scanner = createScanner({ inWorker: true, layout: writeWorker(`parentPort.on('message', () => {})`) })
    const [running] = await Promise.allSettled([scanner.scan(roots()), scanner.close()])
    expect(running).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
    await expect(scanner.scan(roots())).rejects.toMatchObject({ code: 'cancelled' })
  })
})
