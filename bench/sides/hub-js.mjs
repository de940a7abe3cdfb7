// `scanCacheDir` of @huggingface/hub inside one process: `hub-js.mjs HUB`, see lib/pairs.mjs. Answers milliseconds.
import { createInterface } from 'node:readline'
import { scanCacheDir } from '@huggingface/hub'

const hub = process.argv[2]
for await (const _task of createInterface({ input: process.stdin })) {
  const started = performance.now()
  const { repos } = await scanCacheDir(hub)
  const milliseconds = performance.now() - started
  console.log(JSON.stringify({ milliseconds, count: repos.length }))
}
