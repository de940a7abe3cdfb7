// A child process of start.mjs: downloads Electron's archive into Electron's own cache, telling its progress, then lets the package's
// installer verify and unpack it. Its own process, so that a download that hangs can be ended.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const manifest = createRequire(import.meta.url).resolve('electron/package.json')
const ofElectron = createRequire(manifest)
const { downloadArtifact } = await import(pathToFileURL(ofElectron.resolve('@electron/get')).href)
const tell = (message) => process.send?.(message)

try {
  await downloadArtifact({
    version: ofElectron('./package.json').version,
    artifactName: 'electron',
    cacheRoot: process.env.electron_config_cache,
    checksums: ofElectron('./checksums.json'),
    platform: process.platform,
    arch: process.env.npm_config_arch ?? process.arch,
    downloadOptions: {
      quiet: true,
      getProgressCallback: async ({ transferred, total }) => tell({ transferred, total }),
    },
  })
  tell({ unpacking: true })
  process.exitCode = spawnSync(process.execPath, [join(dirname(manifest), 'install.js')], { stdio: 'inherit' }).status ?? 1
} catch (error) {
  tell({ failed: error instanceof Error ? (error.cause?.message ?? error.message) : String(error) })
  process.exitCode = 1
}
process.disconnect?.()
