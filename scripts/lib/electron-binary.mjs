import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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
    const asked = spawnSync(path, ['-p', 'process.versions.electron'], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      encoding: 'utf8',
    })
    return { path, version: asked.status === 0 ? asked.stdout.trim() : 'unknown', reason: null }
  }
  if (override !== undefined) throw new Error(`ELECTRON_OVERRIDE_DIST_PATH has no ${name}: ${override}`)
  return { path: null, version: null, reason: 'its binary is not downloaded: "npx install-electron" fetches it' }
}
