import { spawn } from 'node:child_process'
import type { Platform } from '../core/system'

/** Opens a link in the user's browser. False when there is nothing that could; never throws, never waits for the browser. */
export function openInBrowser(url: string, { os }: Pick<Platform, 'os'>, start: typeof spawn = spawn): Promise<boolean> {
  return new Promise((done) => {
    const child = start(os === 'darwin' ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true })
    child.once('error', () => done(false))
    child.once('spawn', () => {
      child.unref()
      done(true)
    })
  })
}
