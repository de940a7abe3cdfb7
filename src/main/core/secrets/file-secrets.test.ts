import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFileSecrets, type SecretStore } from '.'

let folder: string
let file: string
let store: SecretStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-secrets-'))
  file = join(folder, 'secrets.json')
  store = createFileSecrets({ secrets: file })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a token is kept for its user alone, and goes without a trace', async () => {
  expect(await store.readHubToken()).toBeNull()
  await store.storeHubToken('hf_one')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await createFileSecrets({ secrets: file }).readHubToken()).toBe('hf_one')
  expect(await store.removeHubToken()).toBe(true)
  expect(await store.readHubToken()).toBeNull()
  expect(await store.removeHubToken()).toBe(false)
})

it('a file that others may read is not used', async () => {
  await store.storeHubToken('hf_one')
  chmodSync(file, 0o644)
  await expect(store.readHubToken()).rejects.toMatchObject({
    code: 'permission_denied',
    hint: expect.stringContaining('chmod 600'),
  })
})

it.each(['', '{', '[]', '{"hub_token":7}', '{"hub_token":""}'])('a file with %j has no token', async (text) => {
  writeFileSync(file, text, { mode: 0o600 })
  expect(await store.readHubToken()).toBeNull()
})
