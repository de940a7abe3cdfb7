import fs, { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createLog, redact } from '.'

const folder = (): string => mkdtempSync(join(tmpdir(), 'mlxk-log-'))
const home = '/Users/jane doe'
const hidden = { home, secrets: ['s3cret-value-of-ours'] }

test.each([
  ['a Hub token', '{"msg":"using hf_abcdefGHIJ12345"}', 'abcdefGHIJ'],
  ['a bearer value', '{"headers":"Authorization: Bearer abc.def-123"}', 'abc.def'],
  ['a key that says it is secret', '{"hfToken":"plain","API_KEY":"pl\\"ain","password":"plain"}', 'plain'],
  ['a one-time code', '{"url":"http://127.0.0.1:1/#code=AbC-123"}', 'AbC-123'],
  ['a known value', '{"argv":["--x","s3cret-value-of-ours"]}', 's3cret-value'],
  ['the home folder', '{"error":{"stack":"at /Users/jane doe/x.js:1"}}', 'jane'],
])('%s is taken out, wherever it stands', (_what, line, secret) => {
  const safe = redact(line, hidden)
  expect(safe).not.toContain(secret)
  expect(() => JSON.parse(safe) as unknown).not.toThrow()
})

test('what is no secret stays', () => {
  const line = '{"msg":"loaded mlx-community/Qwen in 3 s","tokens_in":12,"max_tokens":7}'
  expect(redact(line, hidden)).toBe(line)
})

test('lines are JSON with level, time, scope and a full but redacted error, in a private file', () => {
  const logs = folder()
  const log = createLog({ paths: { logs }, home, level: 'info' })
  log.hide('known-only-later')
  log.debug('not written')
  log.child('engine').error('it broke', { error: new Error(`cannot read ${home}/x`), value: 'known-only-later' })
  const lines = readFileSync(log.file, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'error',
    scope: 'engine',
    msg: 'it broke',
    value: '[hidden]',
    error: { type: 'Error', message: 'cannot read ~/x', stack: expect.stringContaining('log.test') },
  })
  expect(statSync(log.file).mode & 0o777).toBe(0o600)
})

test('a file that has grown too large makes room when it is opened; three are kept', () => {
  const logs = folder()
  for (let round = 1; round <= 5; round++) {
    createLog({ paths: { logs }, home, level: 'info', maxBytes: 10 }).info(`round ${round}`)
  }
  expect(readdirSync(logs).toSorted()).toEqual(['mlxk.1.log', 'mlxk.2.log', 'mlxk.log'])
  const read = (name: string): string => readFileSync(join(logs, name), 'utf8')
  expect([read('mlxk.log'), read('mlxk.1.log'), read('mlxk.2.log')].map((text) => /round \d/.exec(text)?.[0])).toEqual([
    'round 5',
    'round 4',
    'round 3',
  ])
})

test('a file that grows too large while it is written makes room as well, and no line is lost', () => {
  const logs = folder()
  const log = createLog({ paths: { logs }, home, level: 'info', maxBytes: 200 })
  for (let round = 1; round <= 6; round++) log.info(`round ${round} ${'x'.repeat(60)}`)
  const files = readdirSync(logs).toSorted()
  expect(files).toEqual(['mlxk.1.log', 'mlxk.2.log', 'mlxk.log'])
  for (const name of files) expect(statSync(join(logs, name)).size).toBeLessThan(400)
  const all = files.map((name) => readFileSync(join(logs, name), 'utf8')).join('')
  expect(new Set(all.match(/round \d/g))).toEqual(new Set([1, 2, 3, 4, 5, 6].map((round) => `round ${round}`)))
})

test('an error that comes again within five seconds is one line, another one is another (E168)', () => {
  const logs = folder()
  let now = 1000
  const log = createLog({ paths: { logs }, home, level: 'info', now: () => now })
  const count = (): number => readFileSync(log.file, 'utf8').trim().split('\n').length
  for (let turn = 0; turn < 3; turn++) log.error('it broke', { error: new Error('a'), request_id: String(turn) })
  expect(count()).toBe(1)
  log.error('it broke', { error: new Error('b') })
  log.warn('it broke')
  expect(count()).toBe(3)
  now += 5000
  log.error('it broke', { error: new Error('a') })
  expect(count()).toBe(4)
})

test('whoever taps the log gets the finished lines, without secrets (E167)', () => {
  const lines: string[] = []
  const log = createLog({ paths: { logs: folder() }, home, level: 'info', tap: (line) => lines.push(line) })
  log.debug('not said')
  log.info('started', { detail: `${home}/x`, model: 'hf_abcdefGHIJ12345' })
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ msg: 'started', detail: '~/x', model: '[hidden]' }])
})

test('a full disk ends nothing: it is told once, known as a state, bounded, and over when there is room', () => {
  const lines: string[] = []
  const logs = folder()
  const log = createLog({ paths: { logs }, home, level: 'info', tap: (line) => lines.push(line) })
  log.info('before')
  expect(log.isWritten()).toBe(true)
  const full = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  try {
    for (let round = 0; round < 3000; round++) log.info(`round ${round} ${'x'.repeat(1000)}`)
  } finally {
    full.mockRestore()
  }
  expect(log.isWritten()).toBe(false)
  expect(lines.filter((line) => line.includes('ENOSPC'))).toHaveLength(1)
  log.info(`after ${'x'.repeat(5000)}`)
  expect(log.isWritten()).toBe(true)
  const text = readFileSync(log.file, 'utf8')
  expect(text).toContain('round 0 ')
  expect(text).not.toContain('round 2999 ')
  expect(text.length).toBeLessThan(1.1 * 2 ** 20)
  log.info('at last')
  expect(readFileSync(log.file, 'utf8').trim().split('\n').at(-1)).toContain('at last')
})
