import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { createApp, type AppOptions } from './app'
import { findLayout } from './core/system'
import type * as OwnershipFace from './core/ownership'

const trouble = vi.hoisted(() => ({ on: false, port: 0 }))
vi.mock('./core/ownership', async (load) => {
  const real = await load<typeof OwnershipFace>()
  return {
    ...real,
    acquireOwnership: async (...args: Parameters<typeof real.acquireOwnership>) => {
      const ownership = await real.acquireOwnership(...args)
      if (ownership === null || !trouble.on) return ownership
      const keepPort = (port: number): Promise<void> => {
        trouble.port = port
        return Promise.reject(new Error('no space left'))
      }
      return { ...ownership, keepPort }
    },
  }
})

const home = mkdtempSync(join(tmpdir(), 'mlxk-app-'))
afterEach(() => rmSync(home, { recursive: true, force: true }))
const options: AppOptions = {
  env: { MLXK_HOME: home, HF_HOME: join(home, 'hf') },
  platform: { os: 'linux', arch: 'x64', home },
  layout: findLayout(import.meta.dirname),
  kind: 'daemon',
  scanInWorker: false,
}

test('a start that fails half-way leaves no listener and no owner behind', async () => {
  trouble.on = true
  await expect(createApp(options)).rejects.toThrow('no space left')
  await expect(fetch(`http://127.0.0.1:${trouble.port}/`)).rejects.toThrow('fetch failed')
  trouble.on = false
  const app = await createApp(options)
  await app.close()
})

test('calls that are open when the owner quits are told so, and none leaves a trace on it', async () => {
  const app = await createApp(options)
  for await (const frame of app.dispatcher('app.info', {}, new AbortController().signal)) expect(frame.type).not.toBe('error')
  const watching = app.dispatcher('state.watch', {}, new AbortController().signal)
  expect(await watching.next()).toMatchObject({ value: { type: 'data' } })
  await app.close()
  expect(await watching.next()).toMatchObject({ value: { type: 'error', error: { code: 'server_shutdown' } } })
})
