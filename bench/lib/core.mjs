import { join } from 'node:path'
import { build, createServer } from 'vite'

/** Bundles a part of the core by itself, as the build does, for figures inside a process. @returns the path of the bundle */
export const bundleCore = (home) => bundle('bench/lib/core-entry.ts', join(home, 'core'))

/** @param plugins of Vite, that leave out of the bundle what a figure is without */
export async function bundle(entry, outDir, plugins = [], name = 'core.cjs') {
  await build({
    configFile: false,
    logLevel: 'error',
    plugins,
    ssr: { noExternal: true, external: ['@photostructure/sqlite'] },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      rolldownOptions: { output: { format: 'cjs', entryFileNames: name } },
    },
  })
  return join(outDir, name)
}

/** Loads a module of the tests from its sources. @returns {Promise<{module: object, close: () => Promise<void>}>} */
export async function loadSource(path) {
  const sources = await createServer({
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  })
  return { module: await sources.ssrLoadModule(path), close: () => sources.close() }
}
