import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  environmentOf,
  environmentsIn,
  finish,
  openEnvironmentBench,
  within,
  type EnvironmentBench,
  type Release,
} from './environment-support'

let bench: EnvironmentBench
let old: Release
let fresh: Release
let wrong: Release

beforeAll(async () => {
  bench = openEnvironmentBench()
  old = await bench.release('0.31.0')
  fresh = await bench.release('0.32.2')
  wrong = await bench.release('0.33.0', 'Something else.')
  withOld = { ...bench.newHome(old), PIP_FIND_LINKS: [old.wheels, fresh.wheels, wrong.wheels].join(' ') }
  await finish(environmentOf(old, withOld).install(within()))
  withBoth = bench.copyHome(withOld)
  await finish(environmentOf(fresh, withBoth).update(within()))
})
afterAll(() => bench.close())

/** Users whose engine is the old one, and such who have updated it; packages come from every release. */
let withOld: NodeJS.ProcessEnv
let withBoth: NodeJS.ProcessEnv

describe('mlxk engine update, rollback, remove', () => {
  it('keeps an older engine in use after an update of MLX Knife: only an update moves on', async () => {
    const before = await environmentOf(fresh, withOld).status()
    expect(before).toMatchObject({ state: 'ready', update_available: true, previous: null, versions: { mlx_lm: '0.31.0' } })
    const installed = await finish(environmentOf(fresh, withOld).install(within()))
    expect(installed.status).toEqual(before)
    expect(installed.steps.map(({ step }) => step)).toEqual(['self_test'])
  })

  it('keeps what was in use, and goes back and forth between the two without building', async () => {
    const env = bench.copyHome(withBoth)
    const environment = environmentOf(fresh, env)
    const updated = await environment.status()
    expect(updated).toMatchObject({ update_available: false, versions: { mlx_lm: '0.32.2' }, previous: { mlx_lm: '0.31.0' } })
    expect((await finish(environment.update(within()))).steps).toEqual([])
    const back = await finish(environment.rollback(within()))
    expect(back.status).toMatchObject({
      update_available: true,
      versions: { mlx_lm: '0.31.0' },
      previous: { mlx_lm: '0.32.2' },
    })
    const forth = await finish(environment.update(within()))
    expect(forth.status).toEqual(updated)
    expect([...new Set(forth.steps.map(({ step }) => step))]).toEqual(['self_test', 'activate'])
    expect(environmentsIn(env)).toHaveLength(2)
  })

  it('leaves the engine as it was when the new one answers wrongly, or when it is cancelled', async () => {
    const env = bench.copyHome(withOld)
    const before = await environmentOf(old, env).status()
    const expectUnchanged = async (): Promise<void> => {
      expect(await environmentOf(old, env).status()).toEqual(before)
      expect(environmentsIn(env)).toHaveLength(1)
    }
    await expect(finish(environmentOf(wrong, env).update(within()))).rejects.toMatchObject({
      code: 'engine_install_failed',
      message: expect.stringContaining('does not answer'),
      data: { said: 'Something else.' },
    })
    await expectUnchanged()
    const abort = new AbortController()
    const cancelled = (async () => {
      for await (const { step } of environmentOf(fresh, env).update(abort.signal)) if (step === 'create_environment') abort.abort()
    })()
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled', message: expect.stringContaining('cancelled') })
    await expectUnchanged()
  })

  it('does not go back to an engine that is not there or does not work', async () => {
    await expect(finish(environmentOf(fresh, withOld).rollback(within()))).rejects.toMatchObject({
      code: 'engine_install_failed',
      message: expect.stringContaining('no earlier engine'),
    })
    const env = bench.copyHome(withBoth)
    const status = await environmentOf(fresh, env).status()
    const names = environmentsIn(env).filter((name) => !status.python!.includes(name))
    rmSync(join(env['MLXK_HOME']!, 'engine', names[0]!, 'bin', 'python'))
    await expect(finish(environmentOf(fresh, env).rollback(within()))).rejects.toMatchObject({ code: 'engine_install_failed' })
    expect(await environmentOf(fresh, env).status()).toEqual(status)
  })

  it('removes everything that was installed, but nothing while an engine runs', async () => {
    const env = bench.copyHome(withBoth)
    const environment = environmentOf(fresh, env)
    const engines = join(env['MLXK_HOME']!, 'run', 'engines')
    mkdirSync(engines, { recursive: true })
    const record = join(engines, `${process.pid}.json`)
    writeFileSync(record, '{}')
    await expect(finish(environment.remove(within()))).rejects.toMatchObject({ code: 'busy', data: { pids: [process.pid] } })
    expect((await environment.status()).state).toBe('ready')
    rmSync(record)
    expect((await finish(environment.remove(within()))).status).toMatchObject({ state: 'missing', hint: 'mlxk engine install' })
    expect(environmentsIn(env)).toEqual([])
    expect((await finish(environment.remove(within()))).status.state).toBe('missing')
  })

  it('uses uv where it is, and pip when uv does not succeed', async () => {
    const env = bench.newHome(fresh)
    const tools = join(bench.folder, 'tools')
    const log = join(bench.folder, 'uv.log')
    const base = join(bench.folder, 'uv.base')
    mkdirSync(tools)
    const fake = (packages: string): void => {
      // What uv does, by venv and pip: `uv venv --no-project --python PYTHON FOLDER`, `uv pip install --python PYTHON FLAGS`.
      const script = `#!/bin/sh
echo "$@" >> '${log}'
case "$1" in
  --version) echo 'uv 0.13.9' ;;
  venv) echo "$4" > '${base}'; exec "$4" -m venv --without-pip "$5" ;;
  pip) ${packages} ;;
esac
`
      writeFileSync(join(tools, 'uv'), script)
      chmodSync(join(tools, 'uv'), 0o755)
    }
    const withUv = { ...env, PATH: `${tools}${delimiter}${env['PATH']}` }
    fake(`python="$4"; shift 4; exec "$(cat '${base}')" -m pip --python "$python" install "$@"`)
    const first = await finish(environmentOf(fresh, withUv).install(within()))
    expect(first.status.state).toBe('ready')
    expect(readFileSync(log, 'utf8')).toMatch(/^pip install --python \S+ --no-deps --require-hashes --only-binary :all:/m)
    expect(first.steps.find(({ step }) => step === 'create_environment')?.message).toContain('uv')
    await finish(environmentOf(fresh, withUv).remove(within()))
    fake('echo "error: error sending request for url" >&2; exit 2')
    const second = await finish(environmentOf(fresh, withUv).install(within()))
    expect(second.status.state).toBe('ready')
    expect(second.steps.map(({ message }) => message)).toContain('uv did not succeed; once more with pip')
  })

  it('says that the disk is full when it fills up in the middle, and leaves nothing there', async (context) => {
    const env = bench.newHome(fresh)
    const home = env['MLXK_HOME']!
    mkdirSync(home)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', home]).status !== 0) {
      console.log('skipped: no small file system can be mounted here')
      context.skip()
      return
    }
    try {
      await expect(finish(environmentOf(fresh, env).install(within()))).rejects.toMatchObject({
        code: 'disk_full',
        message: expect.stringMatching(/needs 1\.5 GB.* 0\.0 GB are free/),
      })
      // There is room when it looks, and none any more when it writes.
      let looks = 0
      const freeBytes = (folder: string): Promise<number> => {
        looks += 1
        return Promise.resolve(looks === 1 ? 2e9 : statfsSync(folder).bavail * statfsSync(folder).bsize)
      }
      const environment = environmentOf(fresh, env, { freeBytes })
      await expect(finish(environment.install(within()))).rejects.toMatchObject({
        code: 'disk_full',
        hint: expect.stringContaining('Free some space'),
      })
      expect((await environment.status()).state).toBe('missing')
      expect(environmentsIn(env)).toEqual([])
    } finally {
      spawnSync('umount', [home])
    }
  })
})
