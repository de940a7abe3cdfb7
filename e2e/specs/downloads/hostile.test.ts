import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { answering, rewriting, spoiling, type FakeHubOptions, type Layer } from '../../fakes/hub'
import { openBench, type Bench } from './bench'

const MIB = 1024 * 1024
const weights = randomBytes(3 * MIB)
const files = { 'config.json': '{"model_type":"llama"}', 'tokenizer.json': '{}', 'model.safetensors': weights }
const repos = [{ id: 'org/model', files }]

let bench: Bench | null = null
afterEach(async () => {
  await bench?.close()
  bench = null
})
const open = async (options: FakeHubOptions): Promise<Bench> => (bench = await openBench({ repos, ...options }))
const folderOf = ({ root }: Bench): string => join(root, 'models--org--model')
/** Everything below the folder that holds the cache and our own data. */
const everything = ({ root }: Bench): string[] =>
  readdirSync(dirname(root), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
const sent = ({ hub }: Bench): number =>
  hub.log.filter(({ where }) => where === 'cdn').reduce((sum, { bytesSent }) => sum + bytesSent, 0)

type Item = Record<string, unknown>
const tree = /\/tree\//
/** Lets the listing say something else of one of its files. */
const saying = (path: string, more: Item): Layer =>
  rewriting(tree, (items) => (items as Item[]).map((item) => (item['path'] === path ? { ...item, ...more } : item)))
const adding = (...paths: string[]): Layer =>
  rewriting(tree, (items) => [...(items as Item[]), ...paths.map((path) => ({ type: 'file', oid: 'a'.repeat(40), size: 2, path }))])

describe('a Hub that means harm', () => {
  it.each<[string, Layer]>([
    ['a path with ..', adding('../../../escaped')],
    ['a path with .. in the middle', adding('a/../../../../escaped')],
    ['an absolute path', adding('/tmp/mlxk-escaped')],
    ['a path with NUL', adding('config.json\u0000.png')],
    ['a path with a backslash', adding('..\\..\\escaped')],
    ['two names that one disk takes for the same', adding('Config.json')],
    ['a file that is a folder as well', adding('config.json/x')],
    ['a hash that is a path', saying('config.json', { oid: '../../../../escaped' })],
    ['a hash of a large file that is a path', saying('model.safetensors', { lfs: { oid: '../../../../escaped', size: 9 } })],
    ['an absolute hash', saying('config.json', { oid: '/etc/passwd' })],
    ['a hash with NUL', saying('config.json', { oid: `${'a'.repeat(39)}\u0000` })],
    ['a negative size', saying('config.json', { size: -1 })],
    ['a commit that is a path', rewriting(/\/revision\//, (info) => ({ ...(info as Item), sha: '../../../../escaped' }))],
    ['an absolute commit', rewriting(/\/revision\//, (info) => ({ ...(info as Item), sha: '/etc' }))],
    ['no commit', rewriting(/\/revision\//, (info) => ({ ...(info as Item), sha: null }))],
  ])('with %s gets nothing written, inside of the cache or outside', async (_what, layer) => {
    const one = await open({ layers: [layer] })
    await expect(one.pull()).rejects.toMatchObject({ code: 'hub_invalid', hint: expect.any(String) })
    expect(everything(one)).toEqual([])
  })

  const pages = { pageSize: { plain: 1, expanded: 1 } }
  const leadingTo = (where: (call: URL) => string): Layer => {
    return (next) => async (call) => {
      const reply = await next(call)
      if (!tree.test(call.url.pathname)) return reply
      return { ...reply, headers: { ...reply.headers, link: `<${where(call.url)}>; rel="next"` } }
    }
  }
  it.each<[string, FakeHubOptions]>([
    ['that lead to themselves', { layers: [leadingTo(({ href }) => href)] }],
    ['that are empty and lead to themselves', { layers: [leadingTo(({ href }) => href), rewriting(tree, () => [])] }],
    ['that lead to another host', { layers: [leadingTo(() => 'https://elsewhere.example/api/models/org/model/tree/x')] }],
    ['that tell a file twice', { ...pages, layers: [rewriting(tree, (items) => [...(items as Item[]), ...(items as Item[])])] }],
    ['that are too large', { layers: [answering('hub', 200, {}, { path: tree, body: `[${' '.repeat(21 * MIB)}]` })] }],
    ['that are no list', { layers: [rewriting(tree, () => [null, 7, 'x'])] }],
  ])('whose pages lie is noticed: %s', async (_what, options) => {
    const one = await open(options)
    await expect(one.pull()).rejects.toMatchObject({ code: 'hub_invalid' })
    expect(everything(one)).toEqual([])
  })

  it.each<[string, Layer]>([
    [
      'leads in circles',
      (next) => (call) =>
        /\/resolve\//.test(call.url.pathname) ? answering('hub', 302, { location: call.url.href })(next)(call) : next(call),
    ],
    ['leads out of the web', answering('hub', 302, { location: 'file:///etc/passwd' }, { path: /\/resolve\// })],
    ['is of another commit', confirming({ 'x-repo-commit': 'b'.repeat(40) })],
    ['is of another hash', confirming({ 'x-linked-etag': `"${'c'.repeat(64)}"` })],
    ['is of another size', confirming({ 'x-linked-size': '7' })],
  ])('whose way to a file %s is refused, and nothing gets its name', async (_what, layer) => {
    const one = await open({ layers: [layer] })
    await expect(one.pull()).rejects.toMatchObject({ code: 'hub_invalid' })
    const blobs = join(folderOf(one), 'blobs')
    const whole = existsSync(blobs) ? readdirSync(blobs).filter((name) => name.length === 64) : []
    expect(whole).toEqual([])
    expect(existsSync(join(folderOf(one), 'refs', 'main'))).toBe(false)
  })
})

/** Says something else of what it is about to send of a large file. */
function confirming(more: Record<string, string>): Layer {
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== 'hub' || reply.headers['x-linked-etag'] === undefined) return reply
    return { ...reply, headers: { ...reply.headers, ...more } }
  }
}

describe('a body that is not what was asked for', () => {
  it('longer than the file: the rest is left, and the file is right', async () => {
    const longer: Layer = (next) => async (call) => {
      const reply = await next(call)
      if (call.where !== 'cdn' || reply.status >= 300) return reply
      const { size, read } = reply.body
      return {
        ...reply,
        body: {
          size: size + MIB,
          read: async function* () {
            yield* read(0, size)
            yield Buffer.alloc(MIB, 9)
          },
        },
      }
    }
    const one = await open({ layers: [longer] })
    const { commit } = await one.plan()
    await one.pull()
    expect(readFileSync(join(folderOf(one), 'snapshots', commit, 'model.safetensors')).equals(weights)).toBe(true)
  })

  it.each([
    ['at the beginning', 0],
    ['in the middle', MIB],
  ])('the page of a network that wants a sign-in, %s: it never gets into the file, and nothing comes twice', async (_where, at) => {
    let pages = 3
    const page = `<html>Welcome to the hotel${'.'.repeat(200_000)}</html>`
    const portal = answering('cdn', 200, { 'content-type': 'text/html; charset=utf-8' }, { body: page })
    const cut = spoiling('cdn', (chunk, from, call) => (call === 0 && at > 0 && from >= at ? null : chunk))
    const asked: Layer = (next) => (call) => {
      if (call.where !== 'cdn' || pages === 0 || (at > 0 && one.hub.log.filter(({ where }) => where === 'cdn').length < 2))
        return next(call)
      pages -= 1
      return portal(next)(call)
    }
    const one = await open({ layers: [asked, cut] })
    const plan = await one.plan()
    const { fetchedBytes } = await one.run(plan)
    expect(pages).toBe(0)
    expect(fetchedBytes).toBe(plan.totalBytes)
    expect(readFileSync(join(folderOf(one), 'snapshots', plan.commit, 'model.safetensors')).equals(weights)).toBe(true)
  })

  it('such a page that stays is said to be one, and what was fetched is kept', async () => {
    let isThere = false
    const page = answering('cdn', 200, { 'content-type': 'text/html' }, { body: '<html>Welcome' })
    const cut = spoiling('cdn', (chunk, from) => {
      isThere ||= from >= MIB
      return isThere ? null : chunk
    })
    const one = await open({ layers: [(next) => (call) => (isThere ? page(next)(call) : next(call)), cut] })
    await expect(one.pull()).rejects.toMatchObject({ code: 'network_failed', hint: expect.stringContaining('sign-in') })
    const before = sent(one)
    isThere = false
    const plan = await one.plan()
    expect(plan.fetchBytes).toBeLessThan(plan.totalBytes)
    expect(before).toBeGreaterThan(0)
  })
})
