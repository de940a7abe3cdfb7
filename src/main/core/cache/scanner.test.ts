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

  test('answers find their questions whatever their order', async () => {
    const layout = writeWorker(`
      const held = []
      parentPort.on('message', (request) => {
        held.push(request)
        if (held.length === 2) for (const { id, roots } of held.reverse()) parentPort.postMessage({ id, scan: roots[0].path })
      })`)
    const scanner = createScanner({ inWorker: true, layout })
    const ask = (path: string): Promise<unknown> => scanner.scan([{ path, kind: 'extra', rule: 'settings' }])
    expect(await Promise.all([ask('/one'), ask('/two')])).toEqual(['/one', '/two'])
    await scanner.close()
  })

  test('a worker that dies fails its scan and is started again for the next', async () => {
    const layout = writeWorker(`
      parentPort.on('message', ({ id, roots }) => {
        if (roots.length === 0) throw new Error('boom')
        parentPort.postMessage({ id, scan: 'alive' })
      })`)
    const scanner = createScanner({ inWorker: true, layout })
    await expect(scanner.scan([])).rejects.toMatchObject({ code: 'internal' })
    expect(await scanner.scan(roots())).toBe('alive')
    await scanner.close()
  })

  test('closing ends a scan that runs and refuses the next', async () => {
    const scanner = createScanner({ inWorker: true, layout: writeWorker(`parentPort.on('message', () => {})`) })
    const [running] = await Promise.allSettled([scanner.scan(roots()), scanner.close()])
    expect(running).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
    await expect(scanner.scan(roots())).rejects.toMatchObject({ code: 'cancelled' })
  })
})
