import { describe, expect, it } from 'vitest'
import { checkRequest, type GuardRules } from './guards'

const strict: GuardRules = { hosts: [], origins: [], localOrigins: false }
const api: GuardRules = { ...strict, localOrigins: true }

function allowed(headers: Record<string, string>, rules: GuardRules = strict): boolean {
  return checkRequest(new Headers(headers), rules) === null
}

describe('checkRequest', () => {
  it.each(['127.0.0.1', '127.0.0.1:11811', 'localhost', 'LOCALHOST:80', '[::1]', '[::1]:8080'])(
    'answers under the loopback name %s',
    (host) => {
      expect(allowed({ host })).toBe(true)
    },
  )

  it.each([
    'evil.example',
    'evil.example:11811',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.168.1.5',
    '',
    '[::2]',
    'localhost:80@x',
  ])('refuses the foreign host name %j, which a rebound name would send', (host) => {
    expect(checkRequest(new Headers({ host }), strict)).toMatchObject({ code: 'forbidden' })
  })

  it('refuses a request without a Host', () => {
    expect(allowed({})).toBe(false)
  })

  it('answers under the bound host, and under any address when bound to all of them', () => {
    expect(allowed({ host: 'mini.lan:11811' }, { ...strict, hosts: ['mini.lan'] })).toBe(true)
    expect(allowed({ host: '[fe80::1]:1' }, { ...strict, hosts: ['fe80::1'] })).toBe(true)
    expect(allowed({ host: '192.168.1.5:1' }, { ...strict, hosts: ['0.0.0.0'] })).toBe(true)
    expect(allowed({ host: 'evil.example' }, { ...strict, hosts: ['0.0.0.0'] })).toBe(false)
  })

  it.each([
    ['http://127.0.0.1:7000', strict, true],
    ['http://localhost:7000', strict, false],
    ['https://127.0.0.1:7000', strict, false],
    ['http://localhost:3000', api, true],
    ['app://obsidian.md', api, true],
    ['https://evil.example', api, false],
    ['http://localhost.evil.example', api, false],
    ['null', api, false],
    ['rubbish', api, false],
    ['https://chat.example', { ...api, origins: ['https://chat.example'] }, true],
    ['https://other.example', { ...api, origins: ['*'] }, true],
  ] as const)('decides on the origin %s by the rules', (origin, rules, expected) => {
    expect(allowed({ host: '127.0.0.1:7000', origin }, rules)).toBe(expected)
  })

  it('refuses what a browser itself calls cross-site, but lets a person follow a link', () => {
    expect(allowed({ host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(false)
    expect(allowed({ host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(true)
    expect(allowed({ host: 'localhost', 'sec-fetch-site': 'same-origin' })).toBe(true)
  })
})
