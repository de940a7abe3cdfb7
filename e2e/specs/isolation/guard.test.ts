import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const cache = join(userInfo().homedir, '.cache', 'huggingface', 'hub')

it("a test that resolves the user's own cache fails", async () => {
  expect(() => readdirSync(cache)).toThrow('MLXK_TEST_GUARD')
  await expect(async () => stat(cache)).rejects.toThrow('MLXK_TEST_GUARD')
})

it("a program that a test starts cannot reach the user's own cache either", () => {
  const child = spawnSync(process.execPath, ['-e', `require('node:fs').readdirSync(${JSON.stringify(cache)})`], {
    encoding: 'utf8',
  })
  expect(child.status).toBe(1)
  expect(child.stderr).toContain('MLXK_TEST_GUARD')
})

it('the home folder of a test is its own', () => {
  expect(homedir()).not.toBe(userInfo().homedir)
  expect(process.env['HF_HOME']).toContain(homedir())
})
