import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { end } from '../../drivers/process'
import { projectFile } from '../../setup/build'

const root = mkdtempSync(join(tmpdir(), 'mlxk-race-'))
const bundle = join(root, 'out', 'entry.cjs')

/** The sources of ownership as one file that plain Node can run, since fifty processes need it. */
beforeAll(async () => {
  const entry = join(root, 'entry.ts')
  const face = (name: string): string => JSON.stringify(projectFile('src', 'main', 'core', name, 'index.ts'))
  writeFileSync(entry, `export { acquireOwnership } from ${face('ownership')}\nexport { dataPaths } from ${face('system')}\n`)
  symlinkSync(projectFile('node_modules'), join(root, 'node_modules'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['@photostructure/sqlite'] },
    build: {
      ssr: entry,
      outDir: join(root, 'out'),
      target: 'node20',
      rolldownOptions: { external: ['@photostructure/sqlite'], output: { format: 'cjs', entryFileNames: 'entry.cjs' } },
    },
  })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Contender {
  process: ChildProcessByStdio<Writable, Readable, null>
  next: () => Promise<string>
}
const started: Contender[] = []
afterEach(async () => {
  for (const { process } of started.splice(0)) await end(process)
})

async function start(home: string): Promise<Contender> {
  const child = spawn(process.execPath, [projectFile('e2e/specs/app/owner-process.cjs'), bundle, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const contender = { process: child, next: async () => String((await lines.next()).value) }
  started.push(contender)
  expect(await contender.next()).toBe('ready')
  return contender
}

test('of fifty processes that want the folder at once exactly one gets it', async () => {
  const home = join(root, 'fifty')
  const contenders = await Promise.all(Array.from({ length: 50 }, () => start(home)))
  for (const { process } of contenders) process.stdin.write('go\n')
  const results = await Promise.all(contenders.map(({ next }) => next()))
  expect(results.filter((result) => result === 'won')).toHaveLength(1)
  expect(results.filter((result) => result === 'lost')).toHaveLength(49)
})

test('killing the owner frees the folder at once', async () => {
  const home = join(root, 'killed')
  const attempt = async (contender: Contender): Promise<string> => {
    contender.process.stdin.write('go\n')
    return contender.next()
  }
  let owner = await start(home)
  expect(await attempt(owner)).toBe('won')
  for (let round = 0; round < 5; round++) {
    const heir = await start(home)
    expect(await attempt(heir)).toBe('lost')
    owner.process.kill('SIGKILL')
    await once(owner.process, 'exit')
    expect(await attempt(heir)).toBe('won')
    owner = heir
  }
})
