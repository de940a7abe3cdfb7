import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { demoModelNames } from '../core/demo'
import { createSettings } from '../core/settings'
import { createDemoSwitch } from './demo-switch'

function setUp() {
  const home = mkdtempSync(join(tmpdir(), 'mlxk-demo-'))
  const settings = createSettings({ paths: { settings: join(home, 'settings.json') }, owner: true })
  const unload = vi.fn<(name: string) => Promise<void>>(() => Promise.resolve())
  const onChange = vi.fn<() => void>()
  const demoHub = join(home, 'demo', 'hub')
  return {
    home,
    demoHub,
    settings,
    unload,
    onChange,
    demo: createDemoSwitch({ paths: { demoHub }, settings, pool: { unload }, onChange }),
  }
}

test('turning it on writes the models and the setting; off stops and removes them', async () => {
  const { demo, demoHub, settings, unload, onChange } = setUp()
  expect(demo.status()).toEqual({ enabled: false, models: [] })
  expect(await demo.enable()).toEqual({ enabled: true, models: demoModelNames })
  expect(settings.read().demo.enabled).toBe(true)
  expect(existsSync(join(demoHub, 'models--mlx-knife-demo--hello-fp32', 'refs', 'main'))).toBe(true)
  expect(await demo.remove()).toEqual({ enabled: false, models: [] })
  expect(unload.mock.calls.map(([name]) => name)).toEqual(demoModelNames)
  expect(existsSync(demoHub)).toBe(false)
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('on and off at once end as the last one said', async () => {
  const { demo, demoHub } = setUp()
  await Promise.all([demo.enable(), demo.remove(), demo.enable()])
  expect(demo.status().enabled).toBe(true)
  expect(existsSync(join(demoHub, 'models--mlx-knife-demo--hello-fp32'))).toBe(true)
})

test('stays off when the models cannot be written', async () => {
  const { demo, home } = setUp()
  mkdirSync(join(home, 'demo'))
  writeFileSync(join(home, 'demo', 'hub'), 'a file in the way')
  await expect(demo.enable()).rejects.toThrow(/ENOTDIR|EEXIST/)
  expect(demo.status().enabled).toBe(false)
})
