import { test as base, expect, type Browser, type Page } from '@playwright/test'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { electronBinary } from '../../scripts/lib/electron-binary.mjs'
import { ensureBuilt, projectFile } from '../setup/build'
import { needsEngine } from '../setup/needs'
import { electronDriver } from './electron'
import { createHome } from './home'
import { isAlive } from './process'
import { createWebDriver } from './web'
import type { Driver, Home, Session } from './types'

interface Options {
  engine: 'ready' | 'missing'
  /** Console messages that this test brings about on purpose. */
  expectedErrors: RegExp | null
  /** Leaves the first steps, which stand before the models where there is no engine. */
  firstRunLeft: boolean
}

interface Fixtures extends Options {
  home: Home
  driver: Driver
  session: Session
  /** Takes a picture for test-results/screens, and for docs/screenshots when MLXK_UPDATE_SCREENSHOTS=1. */
  shoot: (name: string) => Promise<void>
}

/** Where the browser lies: named, the system's, else Playwright's own. */
function chromiumPath(): string | undefined {
  const candidates = [process.env['MLXK_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path))
}

/** Every error in the page's console is a failure; a violated content security policy is one of them. */
function watchConsole(problems: string[]): (page: Page) => void {
  return (page) => {
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(String(error)))
  }
}

export const test = base.extend<Fixtures, { browserOfWeb: Browser | null }>({
  engine: ['ready', { option: true }],
  expectedErrors: [null, { option: true }],
  firstRunLeft: [false, { option: true }],
  browserOfWeb: [
    async ({ playwright }, use, info) => {
      if (info.project.name !== 'web') return await use(null)
      const executablePath = chromiumPath()
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
      const browser = await playwright.chromium.launch({ args, ...(executablePath === undefined ? {} : { executablePath }) })
      await use(browser)
      await browser.close()
    },
    { scope: 'worker' },
  ],
  home: async ({ engine }, use, info) => {
    ensureBuilt()
    info.skip(engine === 'ready' && !needsEngine(), 'no engine for the tests (MLXK_TEST_PYTHON)')
    // Short, and of no particular machine: pictures show it.
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-'))
    await use(createHome(folder, engine))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  },
  driver: async ({ browserOfWeb }, use, info) => {
    if (browserOfWeb !== null) return await use(createWebDriver(browserOfWeb))
    const { path, reason } = electronBinary()
    info.skip(path === null, `no Electron: ${reason}`)
    await use(electronDriver)
  },
  session: async ({ driver, home, expectedErrors, firstRunLeft }, use) => {
    const problems: string[] = []
    const session = await driver.start(home, watchConsole(problems))
    if (firstRunLeft) {
      await session.page.getByRole('button', { name: 'Skip for now' }).click()
    }
    await use(session)
    await session.close()
    expect(problems.filter((text) => expectedErrors?.test(text) !== true)).toEqual([])
  },
  shoot: async ({ session, driver }, use) => {
    await use(async (name) => {
      const folders = [projectFile('test-results', 'screens', driver.name)]
      if (process.env['MLXK_UPDATE_SCREENSHOTS'] === '1') folders.push(projectFile('docs', 'screenshots', driver.name))
      // The caret would blink into every second picture.
      for (const folder of folders) await session.page.screenshot({ path: join(folder, `${name}.png`), caret: 'hide' })
    })
  },
})

/** Pids of the engines that run on this data folder. */
export function enginePids(home: Home): number[] {
  const folder = join(home.data, 'run', 'engines')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => Number.parseInt(name, 10))
}

export { expect, isAlive }
