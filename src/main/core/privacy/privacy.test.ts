import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { PrivateKind } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { dataPaths } from '../system'
import { createPrivacy, type PrivacyDeps } from '.'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mlxk-privacy-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const all: PrivateKind[] = ['chats', 'activity', 'settings', 'api_keys', 'hub_token', 'trust', 'downloads', 'logs']

function setUp(fails: PrivateKind | null = null) {
  const paths = dataPaths({ MLXK_HOME: join(home, 'data') }, { os: 'linux', arch: 'x64', home })
  const put = (file: string, bytes = 10): void => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'x'.repeat(bytes))
  }
  const released: string[] = []
  const release = Object.fromEntries(
    all.map((what) => [
      what,
      () => {
        if (what === fails) throw new AppError('permission_denied', 'Not now.')
        released.push(what)
        return () => released.push(`${what} gone`)
      },
    ]),
  ) as unknown as PrivacyDeps['release']
  put(paths.chats, 100)
  for (const more of ['-wal', '-shm', '.damaged-2026-01-01T00-00-00Z']) put(paths.chats + more)
  put(`${paths.settings}.corrupt-1`)
  put(paths.settings)
  put(paths.secrets)
  put(paths.apiKeys)
  put(paths.trust)
  put(paths.lastUsed)
  put(join(paths.downloads, 'queue.json'))
  put(join(paths.downloads, 'journal', 'org--model', 'one.json'), 50)
  put(join(paths.logs, 'mlxk.1.log'))
  put(join(paths.index, 'verdicts.json'), 7)
  put(join(paths.engine, 'bin', 'python'), 9)
  put(join(home, 'hf', 'hub', 'models--org--model', 'blobs', 'abc.incomplete'), 20)
  return { paths, released, privacy: createPrivacy({ paths, release }) }
}

it('says where each thing lies and how large it is, with what stands beside it', async () => {
  const { privacy } = setUp()
  const { places } = await privacy.places()
  const sizes = Object.fromEntries(places.map(({ what, size_bytes: bytes }) => [what, bytes]))
  expect(sizes).toMatchObject({ chats: 130, settings: 20, downloads: 60, logs: 10, index: 7, engine: 9, demo: null })
  expect(places.filter((place) => place.private).map(({ what }) => what)).toEqual(expect.arrayContaining(all))
})

it('deletes all that is about the person, and nothing else, after whoever holds it let go', async () => {
  const { privacy, paths, released } = setUp()
  const { forgotten, failed, freed_bytes: freed } = await privacy.forget(all)
  expect(failed).toEqual([])
  expect(forgotten.toSorted()).toEqual(all.toSorted())
  expect(freed).toBe(130 + 10 + 20 + 10 + 10 + 10 + 60 + 10)
  expect(readdirSync(paths.root).toSorted()).toEqual(['downloads', 'engine', 'index', 'logs'])
  expect(readdirSync(paths.downloads)).toEqual([])
  expect(readdirSync(paths.logs)).toEqual([])
  expect(existsSync(join(paths.engine, 'bin', 'python'))).toBe(true)
  expect(existsSync(join(home, 'hf', 'hub', 'models--org--model', 'blobs', 'abc.incomplete'))).toBe(true)
  expect(released.slice(0, 2)).toEqual(['downloads', 'downloads gone'])
  expect(released.at(-1)).toBe('settings gone')
})

it('deletes only what was named', async () => {
  const { privacy, paths } = setUp()
  await privacy.forget(['logs'])
  expect(existsSync(paths.chats)).toBe(true)
  expect(readdirSync(paths.logs)).toEqual([])
})

it('tells what could not be deleted, and deletes the rest', async () => {
  const { privacy, paths } = setUp('chats')
  const { failed, forgotten } = await privacy.forget(all)
  expect(failed).toMatchObject([{ what: 'chats', error: { code: 'permission_denied' } }])
  expect(forgotten).toHaveLength(all.length - 1)
  expect(existsSync(paths.chats)).toBe(true)
  expect(existsSync(paths.settings)).toBe(false)
})
