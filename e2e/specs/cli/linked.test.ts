import { cpSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { healthyModel } from '../../fixtures/cache'
import { finish } from '../../drivers/process'
import { ensureBuilt, projectFile } from '../../setup/build'
import { createHome, type TestHome } from './home'

let home: TestHome
let bin: string
beforeAll(() => {
  ensureBuilt()
  home = createHome()
  healthyModel(home.hub, 'org/tiny')
  // As pnpm lays it out: the package's modules are links, and what those need lies beside where they lead.
  const folder = join(home.root, 'package')
  for (const part of ['bin', 'out', 'resources', 'package.json']) cpSync(projectFile(part), join(folder, part), { recursive: true })
  const sqlite = join(folder, 'node_modules', '@photostructure', 'sqlite')
  mkdirSync(dirname(sqlite), { recursive: true })
  symlinkSync(realpathSync(projectFile('node_modules', '@photostructure', 'sqlite')), sqlite)
  bin = join(folder, 'bin', 'mlxk.cjs')
})
afterAll(() => home.remove())

test('a linked installation finds its modules whatever its outputs are: here pipes', async () => {
  const { code, stdout, stderr } = await finish(
    spawn(process.execPath, [bin, 'verify', '--json'], { env: { ...process.env, ...home.env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ status: 'success', data: { summary: { healthy_count: 1 } } })
})
