// Memory of our scanner and catalog: `memory.mjs BUNDLE HUB INDEX scan|list`. Prints MiB of resident memory above the start, at its highest
// and at the end, with the result held.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [bundle, hub, indexFolder, task] = process.argv.slice(2)
const { createCatalog, createVerdictIndex, keepHeapSmall, scanRoots } = createRequire(import.meta.url)(bundle)
const roots = [{ path: hub, kind: 'primary', rule: 'HF_HOME' }]
const catalog = createCatalog({
  roots: () => roots,
  scan: (some, skip) => Promise.resolve(scanRoots(some, skip)),
  index: createVerdictIndex(indexFolder),
})
const resident = () => process.memoryUsage.rss() / 2 ** 20
/** On Linux the kernel's own figure of this program: `maxRSS` there begins with that of the process that started it. */
function highest() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 2 ** 10
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 2 ** 10
}

// As the command line does.
keepHeapSmall()
const start = resident()
const held = task === 'scan' ? scanRoots(roots).roots[0].repos : (await catalog.list()).models
console.log(
  JSON.stringify({ count: held.length, start, highest: Math.max(highest(), resident()) - start, end: resident() - start }),
)
