import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { createHome, type TestHome } from './home'

let home: TestHome
beforeAll(() => {
  home = createHome()
})
afterAll(() => home.remove())

describe('a cache folder that cannot be one', () => {
  it.each<[string, (path: string) => void, string]>([
    ['a file', (path) => writeFileSync(path, 'x'), 'it is not a folder'],
    ['a circle of links', (path) => symlinkSync(path, path), 'its links lead in a circle'],
    ['a link to nothing', (path) => symlinkSync(`${path}-nothing`, path), 'which is not there'],
  ])('%s: list says why, doctor says what to do about just that', async (what, make, reason) => {
    const hub = join(home.root, what.replaceAll(' ', '-'))
    make(hub)
    const env = { ...home.env, HF_HUB_CACHE: hub }
    expect((await mlxk(['list'], { env })).stderr).toContain(reason)
    const { stdout } = await mlxk(['doctor'], { env })
    expect(stdout).toContain(reason)
    expect(stdout).toContain(`Move ${hub} out of the way, or name another folder with HF_HUB_CACHE`)
    expect(stdout).not.toContain('chmod')
  })
})

it('run without a prompt says how to give one', async () => {
  mkdirSync(home.hub, { recursive: true })
  for (const [args, input] of [
    [['run', 'm', ''], undefined],
    [['run', 'm'], ''],
    [['run', 'm', '-'], ' \n'],
  ] as const) {
    const { stderr, code } = await mlxk(args, { env: home.env, ...(input === undefined ? {} : { input }) })
    expect(stderr).toContain('The prompt is empty.')
    expect(stderr).toContain('mlxk run m "…"')
    expect(stderr).toContain('echo "…" | mlxk run m')
    expect(code).toBe(1)
  }
})
