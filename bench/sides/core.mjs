// Our scanner and catalog inside one process: `core.mjs BUNDLE HUB INDEX`, see lib/pairs.mjs. Answers milliseconds.
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [bundle, hub, indexFolder] = process.argv.slice(2)
const { createCatalog, createVerdictIndex, listPlaces, scanRoots, stampPlaces } = createRequire(import.meta.url)(bundle)
const roots = [{ path: hub, kind: 'primary', rule: 'HF_HOME' }]

/** What a scan is told of repos that it need not look at again. */
function know() {
  const [{ repos }] = scanRoots(roots).roots
  return new Map(
    repos.map((repo) => {
      const places = listPlaces(repo)
      return [repo.path, { places, stamp: stampPlaces(repo.path, places).value }]
    }),
  )
}

let known
let catalog
const tasks = {
  scan: () => scanRoots(roots).roots[0].repos.length,
  rescan: () => scanRoots(roots, known).roots[0].unchanged.length,
  survey: async () => (await catalog.list()).count,
  resurvey: async () => (await catalog.list()).count,
}
const prepare = {
  rescan: () => (known ??= know()),
  survey: () => {
    rmSync(indexFolder, { recursive: true, force: true })
    catalog = createCatalog({
      roots: () => roots,
      scan: (some, skip) => Promise.resolve(scanRoots(some, skip)),
      index: createVerdictIndex(indexFolder),
    })
  },
}

for await (const task of createInterface({ input: process.stdin })) {
  prepare[task]?.()
  const started = performance.now()
  const count = await tasks[task]()
  const milliseconds = performance.now() - started
  console.log(JSON.stringify({ milliseconds, count }))
}
