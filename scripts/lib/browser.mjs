import { existsSync } from 'node:fs'
import { run, tool } from './run.mjs'

const candidates = [process.env.MLXK_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].filter(
  Boolean,
)

/**
 * The browser for the tests. On Debian as root the `chromium` and `xvfb` packages are installed, elsewhere Playwright's own browser.
 * @returns {Promise<{path: string, reason: null} | {path: null, reason: string}>}
 */
export async function setUpBrowser() {
  const found = candidates.find((path) => existsSync(path))
  if (found !== undefined) return { path: found, reason: null }
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    await run('apt-get', ['update', '-qq'], { capture: true })
    const installed = await run('apt-get', ['install', '-y', '-qq', 'chromium', 'xvfb', 'xauth'], { capture: true })
    return existsSync('/usr/bin/chromium')
      ? { path: '/usr/bin/chromium', reason: null }
      : { path: null, reason: `apt-get could not install chromium: ${installed.output.trim().split('\n').at(-1)}` }
  }
  const fetched = await run(tool('playwright'), ['install', 'chromium'], { capture: true })
  if (fetched.code !== 0)
    return { path: null, reason: `Playwright could not fetch its browser: ${fetched.output.trim().split('\n').at(-1)}` }
  const { chromium } = await import('playwright')
  return { path: chromium.executablePath(), reason: null }
}
