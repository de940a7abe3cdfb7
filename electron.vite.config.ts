import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

// One artifact serves Electron 45, plain Node >= 20 and older Electron test runtimes, hence CJS and node20.
const node = { target: 'node20', externalizeDeps: false, minify: false } as const
const root = import.meta.dirname

interface Stamp {
  fingerprint: () => string
  writeStamp: (value: string) => void
}
// From before the first source is read: one that changes during the build is newer than the build.
const { fingerprint, writeStamp } = createRequire(import.meta.url)('./scripts/lib/build-if-stale.cjs') as Stamp
const sources = fingerprint()
/** The page is built last; bin/mlxk.cjs looks at this stamp to see whether a checkout must be built. */
const stamp = { name: 'stamp', apply: 'build', closeBundle: () => writeStamp(sources) } as const

/** Each costs up to some milliseconds when loaded, and most commands need none of them. */
const DEAR =
  /^(let|var) (\w+) = require\("(node:(?:child_process|crypto|fs\/promises|http|https|net|readline|tls|vm|worker_threads))"\);$/gm
/** The same inside of packages that are no ES modules: commander, which every command needs. */
const DEAR_INSIDE = /^(\tvar) (\w+) = require\("(node:child_process)"\);$/gm

/** Loads the dear parts of Node when something of them is first used, instead of with the chunk. */
const lazyBuiltins = {
  name: 'lazy-builtins',
  renderChunk: (code: string) => {
    const toLazy = (line: string, keyword: string, name: string, id: string): string =>
      code.includes(`__toESM(${name}`) ? line : `${keyword} ${name} = new Proxy({}, { get: (_, key) => require("${id}")[key] });`
    return { code: code.replace(DEAR, toLazy).replace(DEAR_INSIDE, toLazy), map: null }
  },
} as const

export default defineConfig({
  main: {
    plugins: [lazyBuiltins],
    build: {
      ...node,
      rolldownOptions: {
        input: {
          index: resolve(root, 'src/main/index.ts'),
          daemon: resolve(root, 'src/main/daemon.ts'),
          cli: resolve(root, 'src/main/cli/main.ts'),
          'scan-worker': resolve(root, 'src/main/core/cache/scan-worker.ts'),
          'hash-worker': resolve(root, 'src/main/core/verify/hash-worker.ts'),
          'blob-hash-worker': resolve(root, 'src/main/core/downloads/blob-hash-worker.ts'),
          'transfer-worker': resolve(root, 'src/main/core/downloads/transfer-worker.ts'),
        },
        external: ['electron', '@photostructure/sqlite'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      ...node,
      rolldownOptions: {
        input: { index: resolve(root, 'src/preload/index.ts') },
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react(), tailwindcss(), stamp],
    build: {
      target: 'chrome108,safari16.4,firefox115',
      cssTarget: ['chrome108', 'safari16.4', 'firefox115'],
      cssMinify: 'lightningcss',
      // The page may load fonts from its own origin only.
      assetsInlineLimit: (file) => (/\.(woff2?|ttf)$/.test(file) ? false : undefined),
      minify: true,
      rolldownOptions: { input: resolve(root, 'src/renderer/index.html') },
    },
  },
})
