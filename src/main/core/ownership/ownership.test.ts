import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { statements } from '../../../shared/rpc'
import { dataPaths, type DataPaths } from '../system'
import { isLocked } from './lock'
import { acquireOwnership, connectOwner, findOwner, proveNow, type Ownership } from '.'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

function newPaths(): DataPaths {
  const home = mkdtempSync(join(tmpdir(), 'mlxk-owner-'))
  return dataPaths({ MLXK_HOME: join(home, 'data') }, { os: 'linux', arch: 'x64', home })
}

async function own(paths: DataPaths): Promise<Ownership> {
  const ownership = (await acquireOwnership(paths))!
  closers.push(() => ownership.release())
  return ownership
}

/** Answers `app.info` as an owner's control port does; with another token, as a stranger's at its port might. */
async function answering(answer: {
  instanceId: string
  token: string
}): Promise<{ url: string; seen: string[]; sent: () => string }> {
  const seen: string[] = []
  let sent = ''
  let url = ''
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      const { instanceId, token } = answer
      sent += `${JSON.stringify(request.headers)}${body}`
      seen.push(`${request.url} ${request.headers.authorization === `Bearer ${proveNow(token, statements.call(url, instanceId))}`}`)
      response.setHeader('content-type', 'application/json')
      const { nonce = '' } = JSON.parse(body) as { nonce?: string }
      const proof = proveNow(token, statements.hello(url, instanceId, nonce))
      response.end(JSON.stringify({ proof, instance_id: instanceId, pid: 1, kind: 'daemon', version: '1', contract: 1 }))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => server.close())
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, sent: () => sent }
}

const record = (url: string) => ({ kind: 'daemon' as const, control: { url }, api: null, version: '1', contract: 1 })

describe('owning a data folder', () => {
  test('is given once, and again after its release', async () => {
    const paths = newPaths()
    const first = await own(paths)
    expect(await acquireOwnership(paths)).toBeNull()
    await first.release()
    const second = await own(paths)
    expect(second.instanceId).not.toBe(first.instanceId)
  })

  test('writes only private files', async () => {
    const paths = newPaths()
    const ownership = await own(paths)
    await ownership.publish(record('http://127.0.0.1:1'))
    for (const name of readdirSync(paths.run)) expect([name, statSync(join(paths.run, name)).mode & 0o077]).toEqual([name, 0])
    expect(JSON.parse(readFileSync(paths.controlFile, 'utf8'))).toMatchObject({
      v: 1,
      instanceId: ownership.instanceId,
      pid: process.pid,
      control: { url: 'http://127.0.0.1:1' },
    })
  })

  test('keeps token and port for the next start', async () => {
    const paths = newPaths()
    const first = await own(paths)
    expect(first.key).toMatchObject({ port: 0, token: expect.stringMatching(/^[\w-]{43}$/) })
    await first.keepPort(4711)
    await first.release()
    expect((await own(paths)).key).toEqual({ port: 4711, token: first.key.token })
  })

  test('draws a new key when the file is damaged', async () => {
    const paths = newPaths()
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(join(paths.run, 'control-key.json'), '{"port":1,"token":"short"}')
    expect((await own(paths)).key.token).toMatch(/^[\w-]{43}$/)
  })

  test('takes away what a killed owner left, and leaves nothing itself', async () => {
    const paths = newPaths()
    mkdirSync(paths.run, { recursive: true })
    writeFileSync(paths.controlFile, '{"v":1}')
    const ownership = await own(paths)
    expect(existsSync(paths.controlFile)).toBe(false)
    await ownership.publish(record('http://127.0.0.1:1'))
    await ownership.release()
    expect(existsSync(paths.controlFile)).toBe(false)
    expect(isLocked(paths.ownerLock)).toBe(false)
  })
})

describe('finding the owner', () => {
  test('gives nobody, quickly and without a trace, where nobody ever was', async () => {
    const paths = newPaths()
    expect(await findOwner(paths)).toBeNull()
    expect(existsSync(paths.root)).toBe(false)
  })

  test('lets it prove itself first, and believes an answer with the same instance', async () => {
    const paths = newPaths()
    const ownership = await own(paths)
    const { token } = ownership.key
    const { url, seen, sent } = await answering({ instanceId: ownership.instanceId, token })
    await ownership.publish(record(url))
    const owner = await findOwner(paths)
    expect(owner).toMatchObject({ info: { instance_id: ownership.instanceId }, record: { control: { url } } })
    expect(seen).toEqual(['/auth/hello false', '/rpc/app.info true'])
    expect(sent()).not.toContain(token)
    const client = (await connectOwner(paths))!
    expect(client.owner.info.pid).toBe(1)
    expect(await client.call('app.info', {})).toMatchObject({ instance_id: ownership.instanceId })
  })

  test.each([
    [
      'a stranger answers at the old port',
      async (paths: DataPaths, id: string, token: string) => {
        const { url } = await answering({ instanceId: 'someone-else', token })
        writeRecord(paths, { instanceId: id, control: { url } })
      },
    ],
    [
      'nobody answers',
      (paths: DataPaths, id: string) => writeRecord(paths, { instanceId: id, control: { url: 'http://127.0.0.1:1' } }),
    ],
    ['the file is damaged', (paths: DataPaths) => writeFileSync(paths.controlFile, '{"v":')],
    ['the file is not ours', (paths: DataPaths) => writeFileSync(paths.controlFile, '[]')],
  ])('does not believe a control.json when %s', async (_what, write) => {
    const paths = newPaths()
    const ownership = await own(paths)
    const { instanceId, key } = ownership
    await ownership.release()
    await write(paths, instanceId, key.token)
    expect(await findOwner(paths)).toBeNull()
  })

  test.each([
    'http://evil.example:80',
    'http://127.0.0.1.evil.example:80',
    'https://127.0.0.1:1',
    'http://127.0.0.1:80/x',
    'http://a@127.0.0.1:1',
  ])('never sends the token to %s', async (url) => {
    const paths = newPaths()
    const ownership = await own(paths)
    await ownership.publish(record(url))
    const fetch = vi.fn<typeof globalThis.fetch>()
    expect(await findOwner(paths, { fetch, patienceMs: 0 })).toBeNull()
    expect(fetch).not.toHaveBeenCalled()
  })

  test('sends the token to nobody while nobody owns the folder: the port of a dead owner may be a stranger of another user', async () => {
    const paths = newPaths()
    const ownership = await own(paths)
    const { instanceId, key } = ownership
    await ownership.release()
    const { url, seen } = await answering({ instanceId, token: key.token })
    writeRecord(paths, { instanceId, control: { url } })
    expect(await findOwner(paths)).toBeNull()
    expect(seen).toEqual([])
  })

  test('tells a stranger nothing who listens where control.json says, not even with the lock held', async () => {
    const paths = newPaths()
    const { instanceId, key, publish } = await own(paths)
    const { url, seen, sent } = await answering({ instanceId, token: 's'.repeat(43) })
    await publish(record(url))
    expect(await findOwner(paths, { patienceMs: 0 })).toBeNull()
    expect(seen).toEqual(['/auth/hello false'])
    expect(sent()).not.toContain(key.token)
    expect(sent()).not.toContain('authorization')
  })

  test('waits for an owner that holds the lock and is still starting', async () => {
    const paths = newPaths()
    const ownership = await own(paths)
    const { url } = await answering({ instanceId: ownership.instanceId, token: ownership.key.token })
    const found = findOwner(paths, { patienceMs: 30_000 })
    await ownership.publish(record(url))
    expect((await found)?.record.control.url).toBe(url)
  })

  test('gives up on one that holds the lock and never answers', async () => {
    const paths = newPaths()
    await own(paths)
    expect(await findOwner(paths, { patienceMs: 100 })).toBeNull()
  })
})

function writeRecord(paths: DataPaths, part: object): void {
  writeFileSync(paths.controlFile, JSON.stringify({ v: 1, pid: process.pid, ...record(''), ...part }))
}
