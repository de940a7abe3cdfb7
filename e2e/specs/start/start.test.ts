import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt, projectFile } from '../../setup/build'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
beforeAll(() => ensureBuilt())

interface Started {
  child: ChildProcess
  stderr: () => string
  /** The first line on stdout: the link. */
  url: Promise<string>
  ended: Promise<number | null>
}
const running: Started[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM')
    await ended
  }
})

/** `npm start` without npm, in a home of its own. */
function start(env: Record<string, string | undefined>): Started {
  const home = mkdtempSync(join(folder, 'home-'))
  const own: NodeJS.ProcessEnv = { ...process.env, HOME: home, MLXK_HOME: join(home, 'data'), HF_HOME: join(home, 'hf'), ...env }
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete own[name]
  const child = spawn(process.execPath, [projectFile('scripts', 'start.mjs')], { env: own, stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  const url = new Promise<string>((done, fail) => {
    const lines = createInterface({ input: child.stdout })
    lines.once('line', done)
    lines.once('close', () => fail(new Error(`it ended without a link: ${stderr}`)))
  })
  url.catch(() => undefined)
  const started = { child, stderr: () => stderr, url, ended }
  running.push(started)
  return started
}

async function expectPage(url: string): Promise<void> {
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]+$/)
  const page = await fetch(url)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<title>')
}

describe.skipIf(process.platform !== 'linux')('without a display', () => {
  const noDisplay = { DISPLAY: undefined, WAYLAND_DISPLAY: undefined }

  test('it says so in one line and serves the interface for a browser', async () => {
    const { url, stderr } = start(noDisplay)
    await expectPage(await url)
    const reasons = stderr()
      .split('\n')
      .filter((line) => line.includes('instead'))
    expect(reasons).toEqual(['There is no display: the interface is served for your browser instead (Ctrl-C ends it).'])
  })

  test('a signal ends it and what it started', async () => {
    const { url, child, ended } = start(noDisplay)
    const link = await url
    child.kill('SIGTERM')
    expect(await ended).not.toBeNull()
    await expect(fetch(link)).rejects.toThrow('fetch failed')
  })
})

// With Electron's binary in place nothing would be fetched.
const here = existsSync(projectFile('node_modules', 'electron', 'path.txt'))
describe.skipIf(here)('where Electron cannot be had', () => {
  const fetching = (mirror: string) => ({
    // Never opened: Electron does not get that far.
    DISPLAY: ':99',
    ELECTRON_OVERRIDE_DIST_PATH: undefined,
    ELECTRON_MIRROR: mirror,
    electron_config_cache: mkdtempSync(join(folder, 'electron-')),
    NODE_OPTIONS: undefined,
  })

  test('a host that cannot be reached is told at once', async () => {
    const { url, stderr } = start(fetching('http://127.0.0.1:9/'))
    await expectPage(await url)
    expect(stderr()).toMatch(/^Electron is not here, its download failed: .*: the interface is served for your browser instead/m)
  })

  test('a host that never sends a byte is given up after 15 seconds', async () => {
    const server = createServer(() => undefined)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    try {
      const { url, stderr } = start(fetching(`http://127.0.0.1:${port}/`))
      await expectPage(await url)
      expect(stderr()).toContain('Electron is not here, its download made no progress for 15 s: the interface is served')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
