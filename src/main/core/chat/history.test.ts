import { DatabaseSync } from '@photostructure/sqlite'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chatsContract } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { openDatabase } from './database'
import { KEEP_DELETED_MS, openHistory } from './history'
import { snippetOf } from './search'
import { finished, openBench } from './test-bench'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

describe('the file', () => {
  test('is not made before the first call, is private, and keeps everything over a restart', async () => {
    const bench = openBench()
    expect(existsSync(bench.file)).toBe(false)
    const chat = await bench.create()
    await bench.send(chat, 'How are you?')
    expect(statSync(bench.file).mode & 0o777).toBe(0o600)
    const before = await bench.thread(chat)
    await bench.chats.close()
    expect(readdirSync(dirname(bench.file))).toEqual(['chat.db'])
    expect(await openBench(bench.file).thread(chat)).toEqual(before)
  })

  test('of a newer version is refused and left as it is, byte for byte', async () => {
    const { file, list, chats } = openBench()
    await list()
    await chats.close()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const before = readFileSync(file)
    const again = openBench(file)
    expect(await codeOf(again.list())).toBe('chats_too_new')
    await again.chats.close()
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test('that is damaged is set aside, not deleted, and the list says where it is', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlxk-chats-')), 'chat.db')
    writeFileSync(file, 'This was never a database. '.repeat(500))
    const { list } = openBench(file)
    const { chats, set_aside: aside } = await list()
    expect(chats).toEqual([])
    expect(aside).toContain('chat.db.damaged-')
    expect(readFileSync(aside!, 'utf8')).toContain('never a database')
  })

  test('whose pages are damaged later is kept, too, and the call says so', async () => {
    const bench = openBench()
    const chat = await bench.create()
    for (let count = 0; count < 40; count++) await bench.send(chat, 'word '.repeat(400))
    await bench.chats.close()
    const bytes = readFileSync(bench.file)
    // All but the first page, which holds the schema.
    bytes.fill(0xaa, 4096)
    writeFileSync(bench.file, bytes)
    const again = openBench(bench.file)
    const codes = [await codeOf(again.list()), await codeOf(again.thread(chat)), await codeOf(again.list())]
    expect(codes.at(-1)).toBe(null)
    expect(codes.filter((code) => code !== null).every((code) => code === 'chats_damaged' || code === 'chat_not_found')).toBe(true)
    expect(readdirSync(dirname(bench.file)).some((name) => name.startsWith('chat.db.damaged-'))).toBe(true)
  })

  test('is migrated step by step, and a step that fails leaves the version before it', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlxk-chats-')), 'x.db')
    const one = openDatabase(file, [(db) => db.exec('CREATE TABLE a (x)')])
    one.exec('INSERT INTO a VALUES (1)')
    one.close()
    const bad = () =>
      openDatabase(file, [
        () => undefined,
        (db) => {
          db.exec('ALTER TABLE a ADD COLUMN y')
          throw new Error('power cut')
        },
      ])
    expect(bad).toThrow('power cut')
    const two = openDatabase(file, [() => undefined, (db) => db.exec('ALTER TABLE a ADD COLUMN z')])
    expect(two.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, z: null }])
    two.close()
  })
})

describe('the list', () => {
  test('comes in pages: pinned ones first, then the newest; every conversation once', async () => {
    const bench = openBench()
    const ids: string[] = []
    for (let count = 0; count < 25; count++) ids.push(await bench.create(`Chat ${count}`))
    await bench.calls['chats.update']({ chat: ids[3]!, pinned: true }, bench.never())
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await bench.list(10, after)
      expect(chatsContract['chats.list'].output.parse(page)).toEqual(page)
      seen.push(...page.chats.map(({ title }) => title))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(seen[0]).toBe('Chat 3')
    expect(seen.slice(1, 4)).toEqual(['Chat 24', 'Chat 23', 'Chat 22'])
    expect(new Set(seen).size).toBe(25)
  })

  test('a deleted conversation is gone, can be brought back whole, and is wiped after its time', async () => {
    const bench = openBench()
    const chat = await bench.create()
    await bench.send(chat, 'the secret pineapple')
    const before = await bench.thread(chat)
    await bench.calls['chats.delete']({ chat }, bench.never())
    expect((await bench.list()).chats).toEqual([])
    expect(await bench.find('pineapple')).toEqual([])
    expect(await codeOf(bench.thread(chat))).toBe('chat_not_found')
    await bench.calls['chats.restore']({ chat }, bench.never())
    expect(await bench.thread(chat)).toEqual(before)
    await bench.calls['chats.delete']({ chat }, bench.never())
    bench.pass(KEEP_DELETED_MS + 1)
    const other = await bench.create()
    await bench.calls['chats.delete']({ chat: other }, bench.never())
    expect(await codeOf(bench.calls['chats.restore']({ chat }, bench.never()))).toBe('chat_not_found')
    await bench.chats.close()
    expect(readFileSync(bench.file).includes('pineapple')).toBe(false)
  })
})

describe('search', () => {
  test('finds any part of a word in questions, answers, thoughts, files and titles, whatever the case and accents', async () => {
    const bench = openBench()
    const chat = await bench.create('Kettles and such')
    bench.script.push([
      { type: 'reasoning', text: 'perhaps a lighthouse' },
      { type: 'text', text: 'Die Donaudampfschifffahrt mit Käse. 東京都に住む' },
      finished,
    ])
    const attachments = [{ name: 'notes.txt', text: 'zucchini' }]
    await bench.collect(bench.calls['chats.send']({ chat, content: 'Tell me of Ships', attachments }, bench.never()))
    for (const query of [
      'ships',
      'dampfschiff',
      'kase',
      '東京都',
      'lighthouse',
      'zucchini',
      'notes.txt',
      'KETTLE',
      'käse donau',
      'mi',
    ])
      expect(
        (await bench.find(query)).map((hit) => hit.chat.id),
        query,
      ).toEqual([chat])
    for (const query of ['ships lighthouse', 'nothing', '"', '*', 'NEAR', 'a%b', 'name":', '_ _'])
      expect(await bench.find(query), query).toEqual([])
    const [hit] = await bench.find('dampfschiff')
    expect(hit?.snippet).toEqual({ before: 'Die Donau', match: 'dampfschiff', after: 'fahrt mit Käse. 東京都に住む' })
  })

  test('a growing answer is found when it has ended, a changed title at once, and the old one no more', async () => {
    const bench = openBench()
    const chat = await bench.create('first name')
    await bench.calls['chats.update']({ chat, title: 'second name' }, bench.never())
    expect(await bench.find('first')).toEqual([])
    expect((await bench.find('second'))[0]).toMatchObject({ message_id: null, snippet: null })
  })

  test('the place of a match is true also where letters change their length', () => {
    expect(snippetOf('İİİ the Straße here', ['straße'])?.match).toBe('Straße')
    expect(snippetOf('x'.repeat(100) + 'found' + 'y'.repeat(300), ['found'])).toMatchObject({
      before: `…${'x'.repeat(40)}`,
      match: 'found',
    })
    expect(snippetOf('nothing', ['else'])).toBe(null)
  })

  test('ten thousand messages are searched, listed and opened by pages', async () => {
    const bench = openBench()
    const line = (index: number) => `message number ${index} about ${index % 7 === 0 ? 'gardening' : 'sailing'}`
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      id: `x${index}`,
      parent_id: index === 0 ? null : `x${index - 1}`,
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: line(index),
      created_at: '2026-01-01T00:00:00Z',
      state: 'complete',
    }))
    const chats = [{ title: 'Long', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', messages }]
    const file = { format: 'mlx-knife-chats', version: 1, exported_at: '2026-01-01T00:00:00Z', chats }
    await bench.calls['chats.import']({ text: JSON.stringify(file) }, bench.never())
    const [chat] = (await bench.list()).chats
    const page = await bench.thread(chat!.id)
    expect(page.messages.map(({ content }) => content)).toEqual(Array.from({ length: 60 }, (_, index) => line(9_940 + index)))
    expect(page.more).toBe(true)
    const before = await bench.calls['chats.get']({ chat: chat!.id, before: page.messages[0]!.id, limit: 500 }, bench.never())
    expect(before.messages.at(-1)?.content).toBe(line(9_939))
    expect((await bench.find('gardening number 9996'))[0]?.snippet?.before).toContain('')
    expect(await bench.find('number 10001')).toEqual([])
  })
})

test('without the index, search looks at the newest messages', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'mlxk-chats-')), 'chat.db')
  const history = openHistory({ file, now: () => 1 })
  history.create({ title: 'Über alles' })
  history.close()
  const database = new DatabaseSync(file)
  for (const table of ['messages', 'chats']) {
    for (const event of ['insert', 'update', 'delete']) database.exec(`DROP TRIGGER ${table}_text_${event}`)
    database.exec(`DROP TABLE ${table}_text`)
  }
  database.close()
  const without = openHistory({ file, now: () => 1 })
  expect(without.search('alles', 10)).toHaveLength(1)
  expect(without.search('nichts', 10)).toEqual([])
  without.close()
})
