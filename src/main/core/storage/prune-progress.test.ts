import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { healthyFiles, safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { createTestStorage } from '../../../../e2e/fixtures/storage'
import type { PruneProgress } from '../../../shared/contract'

/** Two models, each with an old revision that its main has replaced. */
function twoToPrune(hub: string): void {
  for (const name of ['org/one', 'org/two']) {
    writeModel(hub, name, { commit: 'a'.repeat(40), ref: null, files: healthyFiles({ 'model.safetensors': safetensorsFile(16) }) })
    writeModel(hub, name, { commit: 'b'.repeat(40), files: healthyFiles({ 'model.safetensors': safetensorsFile(32) }) })
  }
}

test('a prune tells after each item how far it is and what was really freed', async () => {
  const { home, hub, storage } = createTestStorage()
  twoToPrune(hub)
  const told: PruneProgress[] = []
  const result = await storage.prune({ onProgress: (progress) => told.push(progress) })
  expect(told.map(({ items_done: done, items_total: total, name }) => [done, total, name])).toEqual([
    [1, 2, 'org/one'],
    [2, 2, 'org/two'],
  ])
  expect(told.at(-1)?.bytes_freed).toBe(result.bytes_freed)
  expect(result.bytes_freed).toBeGreaterThan(0)
  rmSync(home, { recursive: true })
})

test('a prune that is stopped finishes what it began, and leaves the rest as it was, with the reason', async () => {
  const { home, hub, storage } = createTestStorage()
  twoToPrune(hub)
  const stop = new AbortController()
  const result = await storage.prune({ signal: stop.signal, onProgress: () => stop.abort() })
  expect(result.done.map(({ name }) => name)).toEqual(['org/one'])
  expect(result.skipped.map(({ item, reason }) => [item.name, reason])).toEqual([['org/two', 'Stopped before it was its turn.']])
  expect((await storage.planPrune()).items.map(({ name }) => name)).toEqual(['org/two'])
  rmSync(home, { recursive: true })
})
