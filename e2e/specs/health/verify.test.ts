import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { scanRoots, type CacheRoot } from '../../../src/main/core/cache'
import { createCatalog } from '../../../src/main/core/models'
import { findLayout } from '../../../src/main/core/system'
import { createContentMemory, createHashMemory, createVerifier } from '../../../src/main/core/verify'
import { healthReport, type VerifyEvent } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { healthyFiles, safetensorsFile, writeModel } from '../../fixtures/cache'
import { defects, writeDefects } from '../../fixtures/defects'
import { createHome, type TestHome } from '../cli/home'

const layout = findLayout(import.meta.dirname)
let home: TestHome

beforeAll(() => {
  home = createHome()
  if (!existsSync(join(layout.outMain, 'hash-worker.cjs'))) throw new Error('The worker is not built: run "npm run build" first.')
})
afterAll(() => home.remove())

function verifierOf(hub: string, data: string, cores?: number) {
  const roots = (): CacheRoot[] => [{ path: hub, kind: 'primary', rule: 'HF_HOME' }]
  const memory = createHashMemory(join(data, 'index'))
  const scan = (all: readonly CacheRoot[]) => Promise.resolve(scanRoots(all))
  const catalog = createCatalog({ roots, scan, content: createContentMemory(memory) })
  return createVerifier({ inspect: catalog.inspect, memory, layout, ...(cores === undefined ? {} : { cores }) })
}

describe('the built hash worker', () => {
  test('threads find what this thread finds, and a stop in the middle of a file is quick', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-threads-'))
    try {
      const hub = join(folder, 'hub')
      for (const index of [0, 1, 2, 3]) {
        const weights = safetensorsFile(4_000_000 + index)
        writeModel(hub, `org/m${index}`, { files: healthyFiles({ 'model.safetensors': weights, 'README.md': `${index}` }) })
      }
      const stop = new AbortController()
      const run = async (): Promise<void> => {
        for await (const event of verifierOf(hub, join(folder, 'data'), 2).verify({}, stop.signal)) {
          if (event.type === 'progress') stop.abort()
        }
      }
      await expect(run()).rejects.toThrow(/abort/i)
      const results: VerifyEvent[] = []
      for (const [data, cores] of [['data', 3] as const, ['other', 1] as const]) {
        let last: VerifyEvent | null = null
        for await (const event of verifierOf(hub, join(folder, data), cores).verify({}, new AbortController().signal)) last = event
        if (last !== null) results.push(last)
      }
      const verdicts = results.map((result) =>
        result.type === 'result' ? result.models.map(({ status, files }) => [status, files.verified]) : [],
      )
      expect(verdicts[0]).toEqual([0, 1, 2, 3].map(() => ['healthy', 5]))
      expect(verdicts[1]).toEqual(verdicts[0])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('mlxk health', () => {
  test('names each of the eleven defects, and headers that claim too much, exactly, of all models and of one', async () => {
    const repos = writeDefects(home.hub)
    // A flipped bit is found by hashing only; what was found is remembered.
    expect(await mlxk(['verify', '--json'], { env: home.env })).toMatchObject({ code: 0 })
    const before = readdirSync(home.hub)
    const { stdout, code } = await mlxk(['health', '--json=full'], { env: home.env })
    expect(code).toBe(0)
    const { healthy, unhealthy } = z.object({ data: healthReport }).parse(JSON.parse(stdout)).data
    const said = defects.map((defect, index) => {
      const entry = [...healthy, ...unhealthy].find(({ name }) => name === repos[index]?.name)
      return { defect: defect.name, status: entry?.status, code: entry?.findings[0]?.code, file: entry?.findings[0]?.file }
    })
    expect(said).toEqual(defects.map(({ name, status, code: wanted, file }) => ({ defect: name, status, code: wanted, file })))
    // And each by itself, by its name.
    const one = async (name: string) => {
      const { stdout: text } = await mlxk(['health', name, '--json=full'], { env: home.env })
      const report = z.object({ data: healthReport }).parse(JSON.parse(text)).data
      return [...report.healthy, ...report.unhealthy].map(({ name: own, status, findings: [first] }) => [
        own,
        status,
        first?.code,
        first?.file,
      ])
    }
    const each: unknown[] = []
    for (const { name } of repos) each.push(await one(name))
    expect(each).toEqual(defects.map(({ status, code: wanted, file }, index) => [[repos[index]?.name, status, wanted, file]]))
    const human = await mlxk(['health', '--no-color'], { env: { ...home.env, COLUMNS: '500' } })
    for (const [index, { status }] of defects.entries())
      expect(human.stdout).toMatch(new RegExp(`${status} +${repos[index]?.name} — `))
    expect(readdirSync(home.hub)).toEqual(before)
  })
})
