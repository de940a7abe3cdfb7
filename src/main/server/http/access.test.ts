import { describe, expect, it } from 'vitest'
import type { KeyScope } from '../../../shared/contract'
import { checkAccess, isLocalCaller, scopeOf } from './access'

const keys: Record<string, KeyScope> = { 'k-read': 'read', 'k-infer': 'inference', 'k-admin': 'admin' }
const rules = { always: false, check: (key: string) => keys[key] ?? null }
const outside = (headers: Record<string, string> = {}) => ({ local: false, headers: new Headers(headers) })
const inside = (headers: Record<string, string> = {}) => ({ local: true, headers: new Headers(headers) })
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

describe('who is local', () => {
  const from = (remoteAddress?: string, localAddress = '127.0.0.1', headers = {}) =>
    isLocalCaller({ socket: { remoteAddress, localAddress } }, new Headers(headers))
  it('a program that calls loopback from loopback, on either protocol', () => {
    expect([from('127.0.0.1'), from('::1', '::1'), from('::ffff:127.0.0.1', '::ffff:127.0.0.1'), from('127.8.0.1')]).not.toContain(
      false,
    )
  })
  it('nobody else: another machine, this one under its outside address, a lost socket, whoever sits behind a proxy', () => {
    const others = [
      from('192.168.1.9'),
      from('192.168.1.5', '192.168.1.5'),
      from(undefined),
      from('127.0.0.1.evil'),
      from('::2', '::1'),
    ]
    const proxied = ['forwarded', 'x-forwarded-for', 'x-real-ip'].map((name) =>
      from('127.0.0.1', '127.0.0.1', { [name]: '1.2.3.4' }),
    )
    expect([...others, ...proxied]).not.toContain(true)
  })
})

describe('what a request needs', () => {
  it.each([
    ['GET', '/health', null],
    ['GET', '/health/', null],
    ['GET', '/v1/models', 'read'],
    ['HEAD', '/', 'read'],
    ['GET', '/metrics', 'read'],
    ['POST', '/v1/chat/completions', 'inference'],
    ['DELETE', '/health2', 'inference'],
    ['GET', '/api/v1/ps', 'admin'],
    ['POST', '/api/v1/models/load/', 'admin'],
    ['POST', '/nothing', 'inference'],
  ])('%s %s: %s', (method, path, scope) => expect(scopeOf(method, path)).toBe(scope))
})

describe('checkAccess', () => {
  it('lets programs on this machine in without a key, with any placeholder, also to the native routes', () => {
    expect(checkAccess('inference', inside(bearer('not-needed')), rules)).toBeNull()
    expect(checkAccess('admin', inside(), rules)).toBeNull()
  })
  it('asks a web page on this machine for an admin key on the native routes', () => {
    const origin = { origin: 'http://localhost:3000' }
    expect(checkAccess('inference', inside(origin), rules)).toBeNull()
    expect(checkAccess('admin', inside(origin), rules)).toMatchObject({ code: 'unauthorized' })
    expect(checkAccess('admin', inside({ ...origin, ...bearer('k-admin') }), rules)).toBeNull()
  })
  it('asks everybody else, and with server.require_key this machine too', () => {
    expect(checkAccess('read', outside(), rules)).toMatchObject({ code: 'unauthorized' })
    expect(checkAccess('read', inside(), { ...rules, always: true })).toMatchObject({ code: 'unauthorized' })
    expect(checkAccess(null, outside(), rules)).toBeNull()
  })
  it('takes a key from either header, and refuses wrong, empty, huge and malformed ones', () => {
    expect(checkAccess('inference', outside(bearer('k-infer')), rules)).toBeNull()
    expect(checkAccess('inference', outside({ authorization: 'bearer  k-infer' }), rules)).toBeNull()
    expect(checkAccess('inference', outside({ 'x-api-key': 'k-infer' }), rules)).toBeNull()
    for (const headers of [
      bearer('k-wrong'),
      bearer(''),
      { authorization: 'k-infer' },
      { authorization: 'Basic k-infer' },
      bearer('x'.repeat(600)),
      bearer('k-infer k'),
    ])
      expect(checkAccess('inference', outside(headers), rules)).toMatchObject({ code: 'unauthorized' })
  })
  it.each([
    ['k-read', 'read', null],
    ['k-read', 'inference', 'forbidden'],
    ['k-infer', 'read', null],
    ['k-infer', 'admin', 'forbidden'],
    ['k-admin', 'admin', null],
  ] as const)('a key of scope: %s for %s', (key, needed, code) => {
    const refusal = checkAccess(needed, outside(bearer(key)), rules)
    expect(refusal?.code ?? null).toBe(code)
  })
})
