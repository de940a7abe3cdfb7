import { _electron, type ElectronApplication } from '@playwright/test'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { projectFile } from '../setup/build'
import { finish, type CliResult } from './process'
import { SIZE, type Driver, type Home } from './types'

/** Chromium's sandbox refuses to run for root. */
const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []

export const electronPath = (): string => createRequire(import.meta.url)('electron') as string

/** Runs Electron with arguments of our entry to its end, as `npx electron . …` does. */
export function runElectron(home: Home, args: readonly string[]): Promise<CliResult> {
  const child = spawn(electronPath(), [...sandbox, projectFile(), ...args], { env: home.env, stdio: ['ignore', 'pipe', 'pipe'] })
  return finish(child)
}

export function launchApp(home: Home): Promise<ElectronApplication> {
  // The probe stands in for a hand at the menu bar, which no driver can reach.
  return _electron.launch({
    args: ['-r', projectFile('e2e', 'setup', 'tray-probe.cjs'), projectFile(), ...sandbox],
    cwd: projectFile(),
    env: home.env,
  })
}

/** The app itself. */
export const electronDriver: Driver = {
  name: 'electron',
  start: async (home, onPage) => {
    const app = await launchApp(home)
    app.on('window', onPage)
    const page = await app.firstWindow()
    if (page.url() === 'about:blank') await page.waitForURL(/^mlxk:/)
    const resize = (width: number, height: number): Promise<void> =>
      app.evaluate(({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0]?.setContentSize(w, h), [width, height] as const)
    await resize(SIZE.width, SIZE.height)
    const pid = app.process().pid ?? 0
    return { page, app, pid, resize, close: () => app.close() }
  },
}
