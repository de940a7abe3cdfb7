import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const name = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron'

/**
 * Electron's executable without fetching anything: the folder in ELECTRON_OVERRIDE_DIST_PATH, else what the `electron` package has
 * downloaded before.
 * @returns {{path: string, version: string, reason: null} | {path: null, version: null, reason: string}}
 */
export function electronBinary() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH || undefined
  const dist = override ?? join(import.meta.dirname, '../../node_modules/electron/dist')
  const path = join(dist, name)
  if (existsSync(path)) {
    const version = join(dist, 'version')
    return { path, version: existsSync(version) ? readFileSync(version, 'utf8').trim().replace(/^v/, '') : 'unknown', reason: null }
  }
  if (override !== undefined) throw new Error(`ELECTRON_OVERRIDE_DIST_PATH has no ${name}: ${override}`)
  return { path: null, version: null, reason: 'its binary is not downloaded: "npx install-electron" fetches it' }
}
