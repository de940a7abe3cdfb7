import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where our own files lie: in a checkout, in an installed npm package, or in the packaged app. */
export interface Layout {
  packageRoot: string
  resources: string
  /** Built main-process files; workers are started from here. */
  outMain: string
  outRenderer: string
}

/**
 * Walks up from a module's folder to the folder that holds `resources/engine`. Bundled code may lie in an entry or in `chunks/`, and
 * tests run from the sources, so counting `..` would be wrong somewhere.
 * @throws Error when the installation is incomplete
 */
export function findLayout(start: string): Layout {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'resources', 'engine'))) {
      // Python and worker threads cannot read from inside an asar archive; the builder unpacks what they need beside it.
      const unpacked = folder.replace(/app\.asar$/, 'app.asar.unpacked')
      return {
        packageRoot: folder,
        resources: join(unpacked, 'resources'),
        outMain: join(folder, 'out', 'main'),
        outRenderer: join(folder, 'out', 'renderer'),
      }
    }
    if (dirname(folder) === folder) throw new Error(`MLX Knife is not completely installed: no resources folder above ${start}`)
  }
}
