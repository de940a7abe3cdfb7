import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createAssetHandler, isOwnUrl } from './protocol'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-protocol-'))
const root = join(folder, 'renderer')
mkdirSync(join(root, 'assets'), { recursive: true })
writeFileSync(join(root, 'index.html'), '<title>page</title>')
writeFileSync(join(root, 'assets', 'app.js'), 'export {}')
writeFileSync(join(root, 'assets', 'odd.exe'), 'x')
writeFileSync(join(folder, 'secret.json'), '{}')
mkdirSync(join(folder, 'renderer-2'))
writeFileSync(join(folder, 'renderer-2', 'x.json'), '{}')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const get = createAssetHandler(root)

describe('the app scheme', () => {
  test('serves the page with a strict policy and its type', async () => {
    const response = await get({ method: 'GET', url: 'mlxk://app/index.html' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('<title>page</title>')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe-eval')
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/)
  })

  test('serves an asset, and a view without extension as the page', async () => {
    const script = await get({ method: 'GET', url: 'mlxk://app/assets/app.js' })
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(await (await get({ method: 'GET', url: 'mlxk://app/models/some' })).text()).toBe('<title>page</title>')
    expect(await (await get({ method: 'GET', url: 'mlxk://app/' })).text()).toBe('<title>page</title>')
  })

  test('answers HEAD without a body', async () => {
    const response = await get({ method: 'HEAD', url: 'mlxk://app/index.html' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
    expect(response.headers.get('content-length')).toBe('19')
  })

  test.each([
    ['a file outside, by dots', 'GET', 'mlxk://app/..%2fsecret.json', 404],
    ['a sibling folder with the same beginning', 'GET', 'mlxk://app/..%2frenderer-2/x.json', 404],
    ['a file outside, by escaped dots', 'GET', 'mlxk://app/%2e%2e%2f%2e%2e%2fetc%2fpasswd.json', 404],
    ['a backslash', 'GET', 'mlxk://app/..%5csecret.json', 404],
    ['a zero byte', 'GET', 'mlxk://app/index.html%00.js', 404],
    ['a broken escape', 'GET', 'mlxk://app/%zz.js', 404],
    ['another host', 'GET', 'mlxk://other/index.html', 404],
    ['an unknown type', 'GET', 'mlxk://app/assets/odd.exe', 404],
    ['a missing file', 'GET', 'mlxk://app/assets/none.js', 404],
    ['a POST', 'POST', 'mlxk://app/index.html', 405],
  ])('refuses %s', async (_name, method, url, status) => {
    expect((await get({ method, url })).status).toBe(status)
  })

  test('knows its own addresses', () => {
    expect(isOwnUrl('mlxk://app/index.html#/chat')).toBe(true)
    for (const url of ['mlxk://app.evil/', 'mlxk://u:p@app/', 'https://app/', 'file:///app', 'mlxk:app', '', 'about:blank']) {
      expect(isOwnUrl(url), url).toBe(false)
    }
  })
})
