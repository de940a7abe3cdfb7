import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as crypto from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { createApiKeys } from '.'

vi.mock(import('node:crypto'), async (original) => {
  const real = await original()
  return { ...real, timingSafeEqual: vi.fn<typeof real.timingSafeEqual>(real.timingSafeEqual) }
})

const folder = (): string => mkdtempSync(join(tmpdir(), 'mlxk-keys-'))
const open = (root: string) => createApiKeys({ paths: { apiKeys: join(root, 'api-keys.json') }, now: () => 1_700_000_000_000 })

test('a key is shown once: neither the list nor the file has it, and the file is private', async () => {
  const root = folder()
  const { key, ...shown } = await open(root).create({ name: 'laptop', scope: 'inference' })
  expect(key).toMatch(/^mlxk-[\w-]{43}$/)
  expect(open(root).list()).toEqual([shown])
  const text = readFileSync(join(root, 'api-keys.json'), 'utf8')
  expect(text).not.toContain(key)
  expect(text).not.toContain(key.slice(10))
  expect(statSync(join(root, 'api-keys.json')).mode & 0o777).toBe(0o600)
})

test('a key is recognised with its scope, also after a restart; nothing else is', async () => {
  const root = folder()
  const keys = open(root)
  const admin = await keys.create({ name: 'a', scope: 'admin' })
  const reader = await keys.create({ name: 'b', scope: 'read' })
  for (const store of [keys, open(root)]) {
    expect(store.check(admin.key)).toBe('admin')
    expect(store.check(reader.key)).toBe('read')
    for (const wrong of ['', 'mlxk-', admin.key.slice(0, -1), `${admin.key}x`, admin.key.toUpperCase(), admin.hint, admin.id])
      expect(store.check(wrong)).toBeNull()
  }
})

test('a revoked key is none from then on, by id or by name', async () => {
  const keys = open(folder())
  const [one, two] = [await keys.create({ name: 'one', scope: 'admin' }), await keys.create({ name: 'two', scope: 'admin' })]
  await keys.revoke(one.id)
  await keys.revoke('two')
  expect([keys.check(one.key), keys.check(two.key), keys.list()]).toEqual([null, null, []])
  await expect(keys.revoke('two')).rejects.toMatchObject({ code: 'not_found' })
})

test('a name is given once; keys that are made together all hold', async () => {
  const root = folder()
  const keys = open(root)
  await Promise.all(['a', 'b', 'c'].map((name) => keys.create({ name, scope: 'read' })))
  expect(open(root).list()).toHaveLength(3)
  await expect(keys.create({ name: 'a', scope: 'read' })).rejects.toMatchObject({ code: 'invalid_input' })
})

test.each([
  '{',
  '[]',
  '{"keys":[{"id":"x"}]}',
  '{"keys":[{"id":"x","name":"x","scope":"root","hint":"","created_at":"","sha256":""}]}',
])('with a corrupt file (%s) no key counts, and the next change keeps it aside', async (text) => {
  const root = folder()
  writeFileSync(join(root, 'api-keys.json'), text)
  const keys = open(root)
  expect(keys.check('mlxk-x')).toBeNull()
  expect(keys.problem()).toContain('no key counts')
  await keys.create({ name: 'new', scope: 'read' })
  expect(keys.problem()).toBeNull()
  expect(readdirSync(root)).toContain('api-keys.json.corrupt-1700000000000')
})

test('a presented key is compared with every key in constant time, whether it is right, wrong, long or empty', async () => {
  const keys = open(folder())
  const created = await Promise.all(['a', 'b', 'c'].map((name) => keys.create({ name, scope: 'read' })))
  const compare = vi.mocked(crypto.timingSafeEqual)
  for (const presented of [created[0]!.key, created[2]!.key, 'mlxk-wrong', 'x'.repeat(500), '']) {
    compare.mockClear()
    keys.check(presented)
    expect(compare).toHaveBeenCalledTimes(3)
    for (const [given, expected] of compare.mock.calls) expect([given.byteLength, expected.byteLength]).toEqual([32, 32])
  }
})
