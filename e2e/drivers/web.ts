import type { Browser } from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { projectFile } from '../setup/build'
import { firstLine } from './process'
import { SIZE, type Driver, type Home } from './types'

export interface RunningDaemon {
  child: ChildProcess
  pid: number
  /** The link with its one-time code. */
  url: string
  /** Ends it with SIGTERM and waits until it is gone. */
  stop: () => Promise<void>
}

/** Starts a command of the built CLI that goes on running and prints one line of JSON first. */
export async function startDaemon(home: Home, args: readonly string[] = ['ui', '--no-open']): Promise<RunningDaemon> {
  const child = spawn(process.execPath, [projectFile('out', 'main', 'cli.cjs'), ...args, '--json'], {
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const { data } = JSON.parse(await firstLine(child)) as { data: { url: string; pid: number } }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
  }
  return { child, pid: data.pid, url: data.url, stop }
}

/** The daemon's page in a browser. */
export function createWebDriver(browser: Browser): Driver {
  return {
    name: 'web',
    start: async (home, onPage) => {
      const daemon = await startDaemon(home)
      const context = await browser.newContext({ viewport: SIZE, permissions: ['clipboard-read', 'clipboard-write'] })
      const page = await context.newPage()
      onPage(page)
      await page.goto(daemon.url)
      return {
        page,
        app: null,
        pid: daemon.pid,
        resize: (width, height) => page.setViewportSize({ width, height }),
        close: async () => {
          await context.close()
          await daemon.stop()
        },
      }
    },
  }
}
