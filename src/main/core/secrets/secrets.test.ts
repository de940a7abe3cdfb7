import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSecrets, type Sealer, type SecretStore } from '.'

let folder: string
let file: string
let store: SecretStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-secrets-'))
  file = join(folder, 'secrets.json')
  store = createSecrets({ secrets: file })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a token is kept for its user alone, and goes without a trace', async () => {
  expect(await store.readHubToken()).toBeNull()
  expect(await store.findHubToken()).toBeNull()
  expect(await store.storeHubToken('hf_one')).toBe('file')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await createSecrets({ secrets: file }).readHubToken()).toEqual({ token: 'hf_one' })
  expect(await store.findHubToken()).toBe('file')
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

it.each(['', '{', '[]', 'null', '{"hub_token":7}', '{"hub_token":""}', '{"hub_token_sealed":[]}'])(
  'a file with %j has no token',
  async (text) => {
    writeFileSync(file, text, { mode: 0o600 })
    expect(await store.readHubToken()).toBeNull()
  },
)

describe('with a keychain', () => {
  /** One that turns every byte round, and knows what it sealed by its key. */
  function keychain({ key = 1, available = true, stale = false } = {}): Sealer & { sealed: number } {
    const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff))
    const self = {
      sealed: 0,
      isAvailable: () => Promise.resolve(available),
      seal: (text: string) => {
        self.sealed += 1
        return Promise.resolve(Buffer.concat([Buffer.from([key]), flip(Buffer.from(text))]))
      },
      unseal: (bytes: Buffer) =>
        bytes[0] === key
          ? Promise.resolve({ text: flip(bytes.subarray(1)).toString(), isStale: stale })
          : Promise.reject(new Error('sealed by somebody else')),
    }
    return self
  }
  const open = (sealer: Sealer | null): SecretStore => createSecrets({ secrets: file }, sealer)

  it('the token is in no file, and is read again by the program that stored it', async () => {
    expect(await open(keychain()).storeHubToken('hf_one')).toBe('keychain')
    expect(readFileSync(file, 'latin1')).not.toContain('hf_one')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await open(keychain()).readHubToken()).toEqual({ token: 'hf_one' })
    expect(await open(keychain()).findHubToken()).toBe('keychain')
  })

  it('programs without it, and those with another one, know that there is a token that they cannot read', async () => {
    await open(keychain()).storeHubToken('hf_one')
    expect(await open(null).readHubToken()).toBe('sealed')
    expect(await open(keychain({ key: 2 })).readHubToken()).toBe('sealed')
    expect(await open(keychain({ available: false })).readHubToken()).toBe('sealed')
    expect(await open(null).findHubToken()).toBe('keychain')
  })

  it('one that the command line stored in the file counts, and a new one takes its place', async () => {
    await open(null).storeHubToken('hf_one')
    expect(await open(keychain()).readHubToken()).toEqual({ token: 'hf_one' })
    await open(keychain()).storeHubToken('hf_two')
    expect(readFileSync(file, 'latin1')).not.toContain('hf_one')
    await open(null).storeHubToken('hf_three')
    expect(await open(keychain()).readHubToken()).toEqual({ token: 'hf_three' })
  })

  it('that is not available the file is used', async () => {
    expect(await open(keychain({ available: false })).storeHubToken('hf_one')).toBe('file')
    expect(await open(null).readHubToken()).toEqual({ token: 'hf_one' })
  })

  it('that has a new key what it sealed is sealed anew', async () => {
    await open(keychain()).storeHubToken('hf_one')
    const renewed = keychain({ stale: true })
    expect(await open(renewed).readHubToken()).toEqual({ token: 'hf_one' })
    expect(renewed.sealed).toBe(1)
    expect(await open(keychain()).readHubToken()).toEqual({ token: 'hf_one' })
  })

  it('a sealed token is forgotten by every program', async () => {
    await open(keychain()).storeHubToken('hf_one')
    expect(await open(null).removeHubToken()).toBe(true)
    expect(await open(keychain()).readHubToken()).toBeNull()
  })
})
