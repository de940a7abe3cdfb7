import { createHash } from 'node:crypto'
import { listFiles, modelInfo } from '@huggingface/hub'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFakeHub, type FakeHub, type Layer } from '../../fakes/hub'
import { healthyFiles, safetensorsFile } from '../../fixtures/cache'

const id = 'org/Model-4bit'
const weights = safetensorsFile(1000)
const files: Record<string, string | Buffer> = { ...healthyFiles({ 'model.safetensors': weights }), 'extra/deep/file.txt': 'deep' }
let hub: FakeHub
let commit: string

beforeAll(async () => {
  hub = await startFakeHub({ pageSize: { plain: 3, expanded: 2 } })
  commit = hub.publish({ id, commits: [{ files: { 'config.json': '{}' } }, { files }], refs: { v1: 0, 'refs/pr/1': 0 } })
})
afterAll(() => hub.close())

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(hub.url + path, { redirect: 'manual', ...init })

describe('the fake Hub', () => {
  it('names the commit of a branch, a tag, a PR and a hash', async () => {
    const shaOf = async (path: string): Promise<string> => ((await (await ask(path)).json()) as { sha: string }).sha
    const first = await shaOf(`/api/models/${id}/revision/v1`)
    expect(first).not.toBe(commit)
    expect(await shaOf(`/api/models/${id}`)).toBe(commit)
    expect(await shaOf(`/api/models/${id}/revision/refs%2Fpr%2F1`)).toBe(first)
    expect(await shaOf(`/api/models/${id}/revision/${commit}`)).toBe(commit)
    expect((await modelInfo({ name: id, hubUrl: hub.url, additionalFields: ['sha', 'tags'] })).sha).toBe(commit)
  })

  it('gives a tree in pages, with folders, hashes and pointers', async () => {
    hub.log.length = 0
    const items = []
    for await (const item of listFiles({ repo: id, recursive: true, revision: commit, hubUrl: hub.url })) items.push(item)
    expect(hub.log.length).toBe(Math.ceil(items.length / 3))
    expect(items.map(({ type, path }) => `${type} ${path}`)).toEqual(
      [...Object.keys(files).map((path) => `file ${path}`), 'directory extra', 'directory extra/deep'].sort((a, b) =>
        a.split(' ')[1]! < b.split(' ')[1]! ? -1 : 1,
      ),
    )
    const lfs = items.find(({ path }) => path === 'model.safetensors')
    expect(lfs?.lfs).toMatchObject({ oid: createHash('sha256').update(weights).digest('hex'), size: weights.length })
    const top = (await (await ask(`/api/models/${id}/tree/main/extra?expand=true`)).json()) as object[]
    expect(top).toMatchObject([{ type: 'directory', path: 'extra/deep', lastCommit: { id: commit } }])
  })

  it('sends a small file by way of its own cache, with git’s hash as ETag', async () => {
    const first = await ask(`/${id}/resolve/main/config.json`, { method: 'HEAD' })
    expect(first.status).toBe(307)
    expect(first.headers.get('location')).toMatch(/^\/api\/resolve-cache\/models\//)
    expect(first.headers.get('x-repo-commit')).toBe(commit)
    const second = await fetch(`${hub.url}/${id}/resolve/main/config.json`)
    const text = String(files['config.json'])
    expect(await second.text()).toBe(text)
    expect(second.headers.get('etag')).toBe(`"${createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex')}"`)
  })

  it('sends a large file to another host name, where ranges hold', async () => {
    const away = await ask(`/${id}/resolve/${commit}/model.safetensors`)
    const location = away.headers.get('location') ?? ''
    expect(away.status).toBe(302)
    expect(new URL(location).hostname).not.toBe(new URL(hub.url).hostname)
    expect(away.headers.get('x-linked-etag')).toBe(`"${createHash('sha256').update(weights).digest('hex')}"`)
    expect(away.headers.get('x-linked-size')).toBe(String(weights.length))
    const part = async (range: string): Promise<[number, string | null, Buffer]> => {
      const response = await fetch(location, { headers: { range } })
      return [response.status, response.headers.get('content-range'), Buffer.from(await response.arrayBuffer())]
    }
    const { length } = weights
    expect(await part('bytes=100-199')).toEqual([206, `bytes 100-199/${length}`, weights.subarray(100, 200)])
    expect(await part('bytes=4000-')).toEqual([206, `bytes 4000-${length - 1}/${length}`, weights.subarray(4000)])
    expect(await part('bytes=-10')).toEqual([206, `bytes ${length - 10}-${length - 1}/${length}`, weights.subarray(-10)])
    expect(await part(`bytes=${length}-`)).toEqual([416, `bytes */${length}`, Buffer.alloc(0)])
    expect((await fetch(location.replace(/\w{64}/, 'a'.repeat(64)))).status).toBe(403)
  })

  it.each([
    ['/api/models/org/nothing', 401, 'RepoNotFound'],
    [`/api/models/${id}/tree/nowhere`, 404, 'RevisionNotFound'],
    [`/api/models/${id}/tree/main/nowhere`, 404, 'EntryNotFound'],
    [`/${id}/resolve/main/nothing.json`, 404, 'EntryNotFound'],
    ['/api/whatever', 404, null],
  ])('says what is missing at %s', async (path, status, code) => {
    const response = await ask(path)
    expect([response.status, response.headers.get('x-error-code')]).toEqual([status, code])
  })

  it('keeps a log of both hosts, and of who was cut off', async () => {
    hub.log.length = 0
    await (await fetch(`${hub.url}/${id}/resolve/main/model.safetensors`, { headers: { range: 'bytes=0-9' } })).arrayBuffer()
    expect(hub.log).toMatchObject([
      { where: 'hub', method: 'GET', status: 302, range: 'bytes=0-9', bytesSent: 0 },
      { where: 'cdn', method: 'GET', status: 206, range: 'bytes=0-9', bytesSent: 10, aborted: false },
    ])
  })

  it('lets a layer answer in its place or cut a body short', async () => {
    const cut: Layer = (next) => async (call) => {
      const reply = await next(call)
      if (call.where === 'hub') return reply
      return {
        ...reply,
        body: {
          size: reply.body.size,
          *read() {
            yield new Uint8Array(10)
            throw new Error('cut')
          },
        },
      }
    }
    const faulty = await startFakeHub({ repos: [{ id, files }], layers: [cut] })
    try {
      const response = await fetch(`${faulty.url}/${id}/resolve/main/model.safetensors`)
      await expect(response.arrayBuffer()).rejects.toThrow('terminated')
      await expect.poll(() => faulty.log.at(-1)).toMatchObject({ where: 'cdn', bytesSent: 10, aborted: true })
    } finally {
      await faulty.close()
    }
  })
})
