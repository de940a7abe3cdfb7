import { join } from 'node:path'
import { build, createServer } from 'vite'

/** Bundles a part of the core by itself, as the build does, for figures inside a process. @returns the path of the bundle */
export async function bundleCore(home) {
  const outDir = join(home, 'core')
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: 'bench/lib/core-entry.ts',
      outDir,
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'core.cjs' } },
    },
  })
  return join(outDir, 'core.cjs')
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
