#!/usr/bin/env node
// Makes the engine that tests use, once, with the product's own installer, in `.cache/engine-home` of the checkout. Prints the
// interpreter's path on stdout and nothing else there; progress goes to stderr. Loads the installer from its sources, so that it needs
// no build.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vite'

const root = join(import.meta.dirname, '..')
const home = join(root, '.cache', 'engine-home')
mkdirSync(home, { recursive: true })
const sources = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
})
const load = (path) => sources.ssrLoadModule(join(root, path))
const { createEngineEnvironment } = await load('src/main/core/engine/index.ts')
const { currentPlatform, dataPaths, findLayout } = await load('src/main/core/system/index.ts')

const { MLXK_PYTHON: _own, ...inherited } = process.env
const env = { ...inherited, MLXK_HOME: home }
const platform = currentPlatform(env)
const environment = createEngineEnvironment({
  env,
  platform,
  paths: dataPaths(env, platform),
  layout: findLayout(root),
  settings: { read: () => ({ engine: { python: null } }) },
})
try {
  const work = environment.install(new AbortController().signal)
  for (let next = await work.next(); ; next = await work.next()) {
    if (next.done) {
      console.log(next.value.python)
      break
    }
    console.error(`engine: ${next.value.step} ${next.value.message}`)
  }
} catch (error) {
  console.error(`engine: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`)
  process.exitCode = 1
} finally {
  await sources.close()
}
