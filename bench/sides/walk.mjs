// The least that a scan in Node can be, for comparison: `readdir` of every folder and one `stat` of every file. `walk.mjs HUB`.
import { readdirSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'

function walk(folder) {
  let count = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) count += walk(path)
    else if (statSync(path).size >= 0) count += 1
  }
  return count
}

for await (const _task of createInterface({ input: process.stdin })) {
  const started = performance.now()
  const count = walk(process.argv[2])
  const milliseconds = performance.now() - started
  console.log(JSON.stringify({ milliseconds, count }))
}
