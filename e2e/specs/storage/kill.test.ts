import { execFileSync, spawn, type ChildProcess } from 'node:child_process'

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { finish, firstLine } from '../../drivers/process'
import { danglingLink, healthyFiles, healthyModel, safetensorsFile, writeModel } from '../../fixtures/cache'
import { shareBlob, writeTree } from '../../fixtures/shared-store'
import { createTestStorage, HOUR_MS, snapshotOf, writeLock } from '../../fixtures/storage'
import { projectFile } from '../../setup/build'
import { needsEngine, testPython } from '../../setup/needs'

/**
 * Removals that are killed. The instants are chosen by a seeded generator: most by the number of file system calls already made (killed
 * before or after that call), some by time.
 */

const full = process.env['MLXK_TEST_FULL'] === '1'
const KILLS = full ? 200 : 20
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const weights = 'model.safetensors'
const filesOf = (floats: number) => healthyFiles({ [weights]: safetensorsFile(floats), 'sub/notes.txt': `${floats}` })

interface Scenario {
  title: string
  /** What `rm` is given; null: prune. */
  spec: string | null
  write: (hub: string) => void
  /** The model that is removed, or that loses a revision; null where that is no single one. */
  victim: string | null
}

/** Two models that must not be touched; one shares its weights with the victim, and its commit. */
function writeNeighbours(hub: string): void {
  healthyModel(hub, 'org/bystander')
  const sharing = writeModel(hub, 'org/sharing', { commit: B, files: filesOf(32) })
  writeTree(sharing, Object.keys(filesOf(32)))
  shareBlob(hub, sharing, weights)
}

/** Two revisions; the weights of both are in the shared store, those of B also another model's. */
function writeVictim(hub: string, name = 'org/victim'): void {
  for (const [commit, floats, ref] of [
    [A, 16, 'v1'],
    [B, 32, 'main'],
  ] as const) {
    const repo = writeModel(hub, name, { commit, files: filesOf(floats), ref })
    writeTree(repo, Object.keys(filesOf(floats)))
    shareBlob(hub, repo, weights)
  }
  writeLock(hub, 'models--org--victim', 'old', 48 * HOUR_MS)
}

const scenarios: Scenario[] = [
  { title: 'rm of a model', spec: 'org/victim', victim: 'org/victim', write: writeVictim },
  { title: 'rm of a revision', spec: `org/victim@${A}`, victim: 'org/victim', write: writeVictim },
  {
    title: 'prune',
    spec: null,
    victim: null,
    write: (hub) => {
      writeVictim(hub, 'org/waste')
      const old = writeModel(hub, 'org/superseded', { commit: A, ref: null, files: filesOf(16) })
      writeModel(hub, 'org/superseded', { commit: B, files: filesOf(48) })
      utimesSync(old.snapshot, 1_700_000_000, 1_700_000_000)
      const { repo, snapshot } = writeModel(hub, 'org/dirty')
      writeFileSync(join(repo, 'blobs', '0f'.repeat(32)), 'an orphan')
      writeFileSync(join(repo, 'blobs', `${'cd'.repeat(32)}.0a1b2c3d.incomplete`), 'half')
      mkdirSync(join(snapshot, 'empty', 'folder'), { recursive: true })
      symlinkSync('../../blobs/gone', join(snapshot, 'dangling.txt'))
      danglingLink(hub, 'org/dangling')
      // What an earlier run was killed at.
      const aside = join(hub, '.locks', '.mlxk-removed', '0123456789abcdef')
      mkdirSync(aside, { recursive: true })
      writeModel(aside, 'org/gone')
    },
  },
]

let root: string
let child: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mlxk-kill-'))
  symlinkSync(projectFile('node_modules'), join(root, 'node_modules'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['@photostructure/sqlite'] },
    build: {
      ssr: projectFile('e2e/specs/storage/removing.ts'),
      outDir: join(root, 'out'),
      target: 'node20',
      rolldownOptions: { external: ['@photostructure/sqlite'], output: { format: 'cjs', entryFileNames: 'removing.cjs' } },
    },
  })
  child = join(root, 'out', 'removing.cjs')
})
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))

/** Numbers in [0, 1) that are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function start(home: string, spec: string | null, faults: object): ChildProcess {
  const args = ['--require', projectFile('e2e/setup/fs-faults.cjs'), child, home, ...(spec === null ? [] : [spec])]
  return spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, MLXK_TEST_FAULTS: JSON.stringify(faults) },
  })
}

interface Kill {
  /** Before or after the nth call, or after so many milliseconds. */
  at: { step: number; after: boolean } | { ms: number }
  home: string
  hub: string
  killed: boolean
}

async function removeAndKill(home: string, spec: string | null, at: Kill['at']): Promise<Kill> {
  const hub = join(home, 'hub')
  const process = start(home, spec, 'step' in at ? { killAt: at.step, after: at.after, below: hub } : {})
  const result = finish(process)
  await firstLine(process)
  process.stdin?.end('go\n')
  if ('ms' in at) {
    await new Promise((resolve) => setTimeout(resolve, at.ms))
    process.kill('SIGKILL')
  }
  const { signal, code, stderr } = await result
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(stderr)
  return { at, home, hub, killed: signal === 'SIGKILL' }
}

interface Seen {
  warnings: string[]
  repos: Record<string, string[]>
}

/** What Python sees in many caches, asked once. */
async function scanMany(hubs: readonly string[]): Promise<Seen[]> {
  const python = spawn(testPython(), [projectFile('e2e/specs/storage/scan-many.py')], { stdio: ['pipe', 'pipe', 'pipe'] })
  const result = finish(python, 120_000)
  python.stdin.end(hubs.join('\n'))
  const { code, stdout, stderr } = await result
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Seen[]
}

/** Everything that is not the victim's: other models, and payloads that others use. The lists of who uses a payload may shrink. */
function othersIn(hub: string, victim: string): Map<string, string> {
  const own = `models--${victim.replace('/', '--')}`
  const shared = snapshotOf(hub).get('models--org--sharing/blobs') === undefined ? null : readSharedKey(hub)
  return new Map(
    [...snapshotOf(hub)].filter(
      ([path]) =>
        (path.startsWith('models--') && path !== own && !path.startsWith(`${own}/`)) || (shared !== null && path === shared),
    ),
  )
}

function readSharedKey(hub: string): string {
  const links = [...snapshotOf(hub)].filter(
    ([path, what]) => path.startsWith('models--org--sharing/blobs/') && what.startsWith('link '),
  )
  return links.map(([, what]) => what.slice('link ../../'.length))[0] ?? ''
}

const wasteless = (seen: Seen): string[] => Object.keys(seen.repos).toSorted()

describe.each(scenarios)('$title, killed at any instant', ({ spec, victim, write }) => {
  test.runIf(needsEngine())(
    'leaves a cache that every tool reads, nothing else touched, and the next run finishes',
    { timeout: 600_000 },
    async () => {
      const template = join(
        root,
        `template-${scenarios.findIndex((scenario) => scenario.write === write && scenario.spec === spec)}`,
      )
      mkdirSync(join(template, 'hub'), { recursive: true })
      writeNeighbours(join(template, 'hub'))
      write(join(template, 'hub'))
      let homes = 0
      const copy = (): string => {
        const home = `${template}-${homes++}`
        execFileSync('cp', ['-a', template, home])
        return home
      }

      // A whole run: how many steps there are, and where they lead.
      const whole = copy()
      const count = `${whole}.count`
      const running = start(whole, spec, { below: join(whole, 'hub'), count })
      running.stdin?.end('go\n')
      expect(await finish(running)).toMatchObject({ code: 0, stderr: '' })
      const steps = Number(readFileSync(count, 'utf8'))
      expect(steps).toBeGreaterThan(5)
      const goal = snapshotOf(join(whole, 'hub'))

      const random = createRandom(spec === null ? 3 : spec.length)
      const kills: Kill[] = []
      const wanted = Math.ceil(KILLS / scenarios.length)
      for (let index = 0; index < wanted; index++) {
        const at = index % 4 === 3 ? { ms: random() * 25 } : { step: 1 + Math.floor(random() * steps), after: random() < 0.5 }
        kills.push(await removeAndKill(copy(), spec, at))
      }
      expect(kills.filter(({ at, killed }) => 'step' in at && !killed)).toEqual([])

      const [before, ...seen] = await scanMany([join(template, 'hub'), ...kills.map(({ hub }) => hub)])
      const [after] = await scanMany([join(whole, 'hub')])
      if (before === undefined || after === undefined) throw new Error('nothing was scanned')
      const others = victim === null ? null : othersIn(join(template, 'hub'), victim)
      for (const [index, { hub, at }] of kills.entries()) {
        const now = seen[index] ?? { warnings: ['not scanned'], repos: {} }
        // No new complaint, and every model is as before or as after, never half.
        expect({ at, warnings: now.warnings.filter((warning) => !before.warnings.includes(warning)) }).toEqual({ at, warnings: [] })
        for (const [name, revisions] of Object.entries({ ...before.repos, ...after.repos })) {
          const states = [before.repos[name], after.repos[name]].map((state) => JSON.stringify(state))
          expect({ at, name, states: states.includes(JSON.stringify(now.repos[name])) || now.repos[name] === revisions }).toEqual({
            at,
            name,
            states: true,
          })
        }
        expect(wasteless(now).filter((name) => !(name in before.repos) && !(name in after.repos))).toEqual([])
        if (others !== null && victim !== null) expect({ at, others: othersIn(hub, victim) }).toEqual({ at, others })
      }

      // `hf` itself, on some of them.
      for (const { hub, at } of kills.slice(0, full ? 10 : 1)) {
        const hf = spawn(join(dirname(testPython()), 'hf'), ['cache', 'ls', '--format', 'json'], {
          env: { ...process.env, HF_HUB_CACHE: hub, HF_HUB_OFFLINE: '1', HF_HUB_DISABLE_TELEMETRY: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        const { code, stderr } = await finish(hf)
        expect({
          at,
          code,
          complaints: victim === null ? [] : stderr.split('\n').filter((line) => /warn|error/i.test(line)),
        }).toEqual({ at, code: 0, complaints: [] })
      }

      // The next run does the rest, whatever was left.
      for (const { home, hub, at } of kills) {
        const { storage } = createTestStorage({ home })
        if (spec === null) await storage.prune()
        else {
          await storage.remove(spec, { force: true }).catch((error: { code?: string }) => {
            if (error.code !== 'model_not_found' && error.code !== 'hash_not_found') throw error
          })
        }
        expect({ at, left: snapshotOf(hub) }).toEqual({ at, left: goal })
      }
      expect((await scanMany(kills.map(({ hub }) => hub))).map(({ repos }) => repos)).toEqual(kills.map(() => after.repos))
    },
  )
})

test('the template of a prune has something of every kind', async () => {
  const home = mkdtempSync(join(root, 'kinds-'))
  mkdirSync(join(home, 'hub'))
  scenarios[2]?.write(join(home, 'hub'))
  const { items } = await createTestStorage({ home }).storage.planPrune()
  expect(new Set(items.map(({ category }) => category))).toEqual(
    new Set(['detached_revision', 'stale_partial', 'orphan_blob', 'dangling_link', 'empty_folder', 'unfinished_removal']),
  )
  expect(existsSync(join(home, 'hub'))).toBe(true)
})
