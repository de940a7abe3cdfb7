import { mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { createTrust } from '.'

const commit = 'a'.repeat(40)

function model(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-trust-'))
  const snapshotPath = join(root, 'snapshot')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(snapshotPath, path)), { recursive: true })
    writeFileSync(join(snapshotPath, path), text)
  }
  const trust = createTrust({ paths: { trust: join(root, 'trust.json') }, now: () => 1000 })
  const subject = { name: 'org/x', hash: commit, snapshotPath }
  return { root, trust, subject, write: (path: string, text: string) => writeFileSync(join(snapshotPath, path), text) }
}

const custom = { 'config.json': '{"model_file":"model.py"}', 'model.py': 'print(1)', 'lib/helper.py': 'x = 1', 'README.md': 'hi' }

test('shows every code file with size and hash, and what asks for it', async () => {
  const { trust, subject } = model(custom)
  const code = await trust.inspect(subject)
  expect(code).toMatchObject({ need: 'required', obstacle: null, trusted: false, asked_by: ['config.json: model_file "model.py"'] })
  expect(code.files.map(({ path, size_bytes }) => [path, size_bytes])).toEqual([
    ['lib/helper.py', 5],
    ['model.py', 8],
  ])
})

test('a trusted revision stays trusted until a byte of its code, what asks for it, its commit or its name changes', async () => {
  const { root, trust, subject, write } = model(custom)
  const { code_hash: seen } = await trust.inspect(subject)
  await trust.add(subject, seen)
  expect(await createTrust({ paths: { trust: join(root, 'trust.json') } }).isTrusted(subject)).toBe(true)
  expect(statSync(join(root, 'trust.json')).mode & 0o777).toBe(0o600)
  write('README.md', 'another text')
  expect(await trust.isTrusted(subject)).toBe(true)
  expect(await trust.isTrusted({ ...subject, hash: 'b'.repeat(40) })).toBe(false)
  expect(await trust.isTrusted({ ...subject, name: 'org/y' })).toBe(false)
  for (const [path, text] of [
    ['lib/helper.py', 'x = 2'],
    ['new.py', ''],
    ['config.json', '{"model_file":"lib/helper.py"}'],
  ] as const) {
    const other = model(custom)
    await other.trust.add(other.subject, seen)
    other.write(path, text)
    expect(await other.trust.isTrusted(other.subject), path).toBe(false)
  }
})

test('only what was shown is trusted', async () => {
  const { trust, subject, write } = model(custom)
  const { code_hash: seen } = await trust.inspect(subject)
  write('model.py', 'import os')
  await expect(trust.add(subject, seen)).rejects.toMatchObject({ code: 'custom_code_refused' })
  expect(trust.list()).toEqual([])
})

test.each([
  ['code of another repo', { 'config.json': '{"auto_map":{"AutoModel":"evil/repo--modeling.Model"}}' }],
  ['a file outside', { 'config.json': '{"model_file":"../outside.py"}' }],
  ['an absolute path', { 'config.json': '{"model_file":"/etc/passwd"}' }],
  ['a file that is not there', { 'config.json': '{"model_file":"gone.py"}' }],
  ['something that is no path', { 'config.json': '{"model_file":["a"]}' }],
])('%s can never be trusted', async (_what, files) => {
  const { trust, subject } = model(files)
  const code = await trust.inspect(subject)
  expect(code.obstacle).toMatch(/\.$/)
  await expect(trust.add(subject, code.code_hash)).rejects.toMatchObject({ code: 'custom_code_refused' })
})

test('a model_file of any ending, and one behind a link, counts as code', async () => {
  const { root, trust, subject } = model({ 'config.json': '{"model_file":"model.txt"}' })
  writeFileSync(join(root, 'blob'), 'print(1)')
  symlinkSync('../blob', join(subject.snapshotPath, 'model.txt'))
  const code = await trust.inspect(subject)
  expect(code.files.map(({ path }) => path)).toEqual(['model.txt'])
  await trust.add(subject, code.code_hash)
  writeFileSync(join(root, 'blob'), 'print(2)')
  expect(await trust.isTrusted(subject)).toBe(false)
})

test('auto_map is an offer, and nothing at all is nothing to trust', async () => {
  const offered = model({ 'tokenizer_config.json': '{"auto_map":{"AutoTokenizer":["tok.T",null]}}', 'tok.py': '' })
  expect(await offered.trust.inspect(offered.subject)).toMatchObject({ need: 'offered', obstacle: null })
  const plain = model({ 'config.json': '{}' })
  const { need, code_hash: hash } = await plain.trust.inspect(plain.subject)
  expect(need).toBe('none')
  await expect(plain.trust.add(plain.subject, hash)).rejects.toMatchObject({ code: 'invalid_input' })
})

test('is removed by name, by revision, and not by half a name', async () => {
  const { trust, subject, root } = model(custom)
  const { code_hash: seen } = await trust.inspect(subject)
  const add = () => trust.add(subject, seen)
  await add()
  await expect(trust.remove('org')).rejects.toMatchObject({ code: 'not_found' })
  await expect(trust.remove('org/x@bbb')).rejects.toMatchObject({ code: 'not_found' })
  expect(await trust.remove('org/x@aaaa')).toHaveLength(1)
  await add()
  expect(await trust.remove('ORG/x')).toHaveLength(1)
  expect(await trust.isTrusted(subject)).toBe(false)
  await add()
  writeFileSync(join(root, 'trust.json'), '{"revisions":[{"name":7}]}')
  expect(trust.list()).toEqual([])
  writeFileSync(join(root, 'trust.json'), 'no json')
  expect(await trust.isTrusted(subject)).toBe(false)
  expect(readFileSync(join(root, 'trust.json'), 'utf8')).toBe('no json')
})
