import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeScriptedModel } from '../../../src/main/core/demo'
import { connectOwner, type OwnerClient } from '../../../src/main/core/ownership'
import { currentPlatform, dataPaths } from '../../../src/main/core/system'
import { startMlxk } from '../../drivers/cli'
import { finish, firstLine } from '../../drivers/process'
import { healthyFiles, repoPath, safetensorsFile, writeModel } from '../../fixtures/cache'
import { needsEngine, testPython } from '../../setup/needs'
import { createCacheHome, type CacheHome } from '../interop/support'
import { ask, expectPythonSees } from './support'

/** `rm` and `prune` beside a running `mlxk serve` that has loaded a model with the real engine. */

const loaded = 'org/loaded'
const weights = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })
let home: CacheHome
let env: Record<string, string>
let server: ChildProcess
let owner: OwnerClient

/** A revision that no ref leads to, older than the one that stands for the model. */
function addDetached(name: string): string {
  const old = writeModel(home.hub, name, { commit: 'a'.repeat(40), ref: null, files: weights(64) })
  utimesSync(old.snapshot, 1_700_000_000, 1_700_000_000)
  return old.snapshot
}

/** Who was the last to change models of this cache, and what for. */
function lastChange(): { pid: number; action: string } {
  const folder = join(home.root, 'data', 'run', 'repos')
  const [file, ...more] = readdirSync(folder).filter((name) => name.endsWith('.json'))
  expect(more).toEqual([])
  return JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as { pid: number; action: string }
}

describe.skipIf(!needsEngine())('beside a server that has loaded a model', () => {
  beforeAll(async () => {
    home = createCacheHome()
    env = { ...home.env, MLXK_PYTHON: testPython() }
    await writeScriptedModel(home.hub, { name: loaded, script: 'Hello.' })
    server = startMlxk(['serve', '--port', '0', '--json'], { env })
    await firstLine(server)
    const found = await connectOwner(dataPaths(env, currentPlatform(env)))
    if (found === null) throw new Error('nobody owns the data folder')
    owner = found
    for await (const { state } of owner.stream('models.load', { model: loaded })) if (state === 'ready') break
  })
  afterAll(async () => {
    const ended = finish(server)
    server.kill('SIGTERM')
    await ended
    home.remove()
  })

  it('rm of another model is done by the owner, and its windows hear of it', async () => {
    writeModel(home.hub, 'org/other')
    const frames = owner.stream('state.watch', {})
    const revisions: number[] = []
    const first = await frames.next()
    if (first.done !== true) revisions.push(first.value.changes.models?.revision ?? 0)
    expect(await ask({ env }, ['rm', 'org/other'])).toMatchObject({ code: 0, data: { action: 'deleted' } })
    expect(lastChange()).toEqual({ pid: server.pid, action: 'rm' })
    for await (const { changes } of frames) {
      if (changes.models === undefined) continue
      revisions.push(changes.models.revision)
      break
    }
    expect(revisions[1]).toBeGreaterThan(revisions[0] ?? Infinity)
    await expectPythonSees(home, [loaded])
  })

  it('E113 rm of the loaded model is refused and names the process, with -f and part of the name, too', async () => {
    for (const args of [[loaded], [loaded, '-f'], ['loaded', '--yes']]) {
      const refused = await ask({ env }, ['rm', ...args])
      expect(refused).toMatchObject({ code: 1, error: { type: 'busy', model: loaded, action: 'loaded' } })
      expect(refused.error?.message).toContain(`process ${server.pid}`)
      expect(refused.error?.hint).toContain(`mlxk unload ${loaded}`)
    }
    const direct = owner.call('storage.remove', { model: loaded, force: true })
    await expect(direct).rejects.toMatchObject({ code: 'busy', data: { action: 'loaded' } })
    const rehearsed = await ask<{ results: object[] }>({ env }, ['rm', loaded, '--dry-run'], { form: '--json=full' })
    expect(rehearsed).toMatchObject({ code: 0, data: { results: [{ action: 'would_delete', error: { type: 'busy' } }] } })
    expect(existsSync(repoPath(home.hub, loaded))).toBe(true)
  })

  it('prune leaves the loaded model alone, says so, and does the rest by the owner', async () => {
    writeModel(home.hub, 'org/two', { commit: 'b'.repeat(40), files: weights(32) })
    const [busy, free] = [addDetached(loaded), addDetached('org/two')]
    const { code, data } = await ask<{ skipped: { reason: string }[]; done: { name: string }[] }>({ env }, ['prune', '--yes'])
    expect(code).toBe(1)
    expect(data.skipped).toMatchObject([{ item: { name: loaded }, reason: 'The model is in use.' }])
    expect(data.done.map(({ name }) => name)).toEqual(['org/two'])
    expect([existsSync(busy), existsSync(free)]).toEqual([true, false])
    await expectPythonSees(home, [loaded, 'org/two'])
  })

  it('a command whose environment means another cache removes there, never in the owner’s', async () => {
    const hub = join(home.root, 'elsewhere', 'hub')
    mkdirSync(hub, { recursive: true })
    writeModel(hub, 'org/two')
    const elsewhere = { env: { ...env, HF_HOME: join(home.root, 'elsewhere') } }
    expect(await ask(elsewhere, ['rm', 'org/two'])).toMatchObject({ code: 0, data: { action: 'deleted' } })
    expect([existsSync(repoPath(hub, 'org/two')), existsSync(repoPath(home.hub, 'org/two'))]).toEqual([false, true])
  })

  it('unloaded, the model can be removed, and the server goes on', async () => {
    await owner.call('models.unload', { model: loaded })
    expect(await ask({ env }, ['rm', loaded])).toMatchObject({ code: 0, data: { action: 'deleted' } })
    expect(await owner.call('models.list', {})).toMatchObject({ models: [{ name: 'org/two' }] })
    await expectPythonSees(home, ['org/two'])
  })
})
