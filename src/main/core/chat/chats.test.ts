import { readFileSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { chatsContract, type ChatEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { openHistory } from './history'
import { finished, openBench, type Bench } from './test-bench'
import { readJsonFile } from './transfer'

afterEach(() => void vi.useRealTimers())

const text = (value: string) => ({ type: 'text' as const, text: value })
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )
const contents = async (bench: Bench, chat: string) => (await bench.thread(chat)).messages.map(({ content }) => content)
const drain = (bench: Bench, events: AsyncIterable<ChatEvent>) => bench.collect(events)
/** An answer that waits for its test. */
function held() {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  return { gate, release }
}

describe('an answer', () => {
  test('is told from its beginning to its end, as the contract has it, and is stored with its figures', async () => {
    const bench = openBench()
    const chat = await bench.create()
    bench.script.push([
      { type: 'state', state: 'loading', progress: 0.5 },
      { type: 'reasoning', text: 'Hm.' },
      text('Good '),
      text('morning.'),
      finished,
    ])
    const events = await bench.send(chat, 'Hello there')
    for (const event of events) expect(chatsContract['chats.send'].event.parse(event)).toEqual(event)
    expect(events[0]).toMatchObject({ type: 'begun', question: { content: 'Hello there' }, answer: { state: 'streaming' } })
    const told = events.flatMap((event) => (event.type === 'progress' ? [event.content] : [])).join('')
    expect(told).toBe('Good morning.')
    const end = events.at(-1)
    expect(end).toMatchObject({
      type: 'end',
      chat: { title: 'Hello there', model: 'org/model', answering: false },
      answer: {
        content: 'Good morning.',
        reasoning: 'Hm.',
        state: 'complete',
        usage: finished.type === 'finish' ? finished.usage : null,
      },
    })
    const thread = await bench.thread(chat)
    expect(chatsContract['chats.get'].output.parse(thread)).toEqual(thread)
    expect(thread.messages[1]).toEqual(end?.type === 'end' ? end.answer : null)
  })

  test('is told a few times a second, however quick it is; the first word and the end at once', async () => {
    const bench = openBench()
    const chat = await bench.create()
    const { gate, release } = held()
    const many = Array.from({ length: 300 }, () => [text('x'), Promise.resolve()]).flat()
    bench.script.push([text('First'), gate, ...many, finished])
    const told: string[] = []
    for await (const event of bench.calls['chats.send']({ chat, content: 'Go', attachments: [] }, bench.never())) {
      if (event.type !== 'progress') continue
      told.push(event.content)
      if (event.content === 'First') release()
    }
    expect(told).toContain('First')
    expect(told.join('')).toBe(`First${'x'.repeat(300)}`)
    expect(told.length).toBeLessThan(30)
  })

  test('goes on when nobody listens any more, and can be listened to again from anywhere', async () => {
    const bench = openBench()
    const chat = await bench.create()
    const { gate, release } = held()
    bench.script.push([text('One '), gate, text('two.'), finished])
    const window = new AbortController()
    for await (const event of bench.calls['chats.send']({ chat, content: 'Count', attachments: [] }, window))
      if (event.type === 'progress' && event.content === 'One ') window.abort()
    const second = drain(bench, bench.calls['chats.watch']({ chat }, bench.never()))
    await vi.waitFor(async () => expect((await bench.list()).chats[0]?.answering).toBe(true))
    release()
    const events = await second
    expect(events[0]).toMatchObject({ type: 'begun', answer: { content: 'One ' } })
    expect(events.at(-1)).toMatchObject({ type: 'end', answer: { content: 'One two.', state: 'complete' } })
    expect(await drain(bench, bench.calls['chats.watch']({ chat }, bench.never()))).toEqual([])
    expect(await contents(bench, chat)).toEqual(['Count', 'One two.'])
  })

  test('is on the disk at the latest a second after it was said, also when nothing more comes', async () => {
    vi.useFakeTimers()
    const bench = openBench()
    const chat = await bench.create()
    const { gate, release } = held()
    bench.script.push([text('Half an '), text('answer'), gate, finished])
    const sent = bench.send(chat, 'Go')
    await vi.advanceTimersByTimeAsync(1_000)
    const stored = (await bench.thread(chat)).messages[1]
    expect(stored).toMatchObject({ content: 'Half an answer', state: 'streaming' })
    release()
    await sent
  })

  test('of a process that died is there, marked as interrupted, with why', async () => {
    vi.useFakeTimers()
    const bench = openBench()
    const chat = await bench.create()
    bench.script.push([text('Half an answer'), held().gate])
    void bench.send(chat, 'Go')
    await vi.advanceTimersByTimeAsync(1_000)
    // Another process opens the file, as after a crash.
    const again = openHistory({ file: bench.file, now: Date.now })
    expect(again.thread(chat, { limit: 9 }).messages[1]).toMatchObject({
      content: 'Half an answer',
      state: 'interrupted',
      error: { code: 'server_shutdown' },
    })
    again.close()
    await bench.chats.close()
  })

  test('that a person stops keeps what has come; one that fails says why; one of which nothing came has failed', async () => {
    const bench = openBench()
    const chat = await bench.create()
    bench.script.push([text('Some'), held().gate])
    const sent = bench.send(chat, 'Go')
    await vi.waitFor(async () => expect((await bench.list()).chats[0]?.answering).toBe(true))
    await bench.calls['chats.stop']({ chat }, bench.never())
    expect((await sent).at(-1)).toMatchObject({ type: 'end', answer: { content: 'Some', state: 'interrupted', error: null } })
    bench.script.push([text('More'), new AppError('engine_crashed', 'It died.')])
    expect((await bench.send(chat, 'Go on')).at(-1)).toMatchObject({
      answer: { content: 'More', state: 'interrupted', error: { code: 'engine_crashed' } },
    })
    bench.script.push([new Error('a bug')])
    expect((await bench.send(chat, 'And?')).at(-1)).toMatchObject({
      answer: { content: '', state: 'failed', error: { code: 'internal' } },
    })
    expect(bench.unforeseen).toHaveLength(1)
  })

  test('is the only one of its conversation; others go on beside it', async () => {
    const bench = openBench()
    const [chat, other] = [await bench.create(), await bench.create()]
    const { gate, release } = held()
    bench.script.push([gate, text('late'), finished])
    const first = bench.send(chat, 'One')
    await vi.waitFor(() => expect(bench.requests).toHaveLength(1))
    expect(await codeOf(bench.send(chat, 'Two'))).toBe('busy')
    expect((await bench.send(other, 'Three')).at(-1)).toMatchObject({ answer: { state: 'complete' } })
    release()
    await first
    expect(await contents(bench, chat)).toEqual(['One', 'late'])
  })

  test('ends with its owner: what came is stored, and is not said to have been stopped by a person', async () => {
    const bench = openBench()
    const chat = await bench.create()
    bench.script.push([text('Some'), held().gate])
    const sent = bench.send(chat, 'Go').catch(() => undefined)
    await vi.waitFor(() => expect(bench.requests).toHaveLength(1))
    await bench.chats.close()
    await sent
    const again = openBench(bench.file)
    expect((await again.thread(chat)).messages[1]).toMatchObject({
      content: 'Some',
      state: 'interrupted',
      error: { code: 'server_shutdown' },
    })
  })
})

describe('branches', () => {
  test('an edited question and a regenerated answer are versions beside the first ones; each leads to its own end', async () => {
    const bench = openBench()
    const chat = await bench.create()
    const say = (words: string) => bench.script.push([text(words), finished])
    say('A1')
    await bench.send(chat, 'Q1')
    say('A2')
    await bench.send(chat, 'Q2')
    const [q1, a1] = (await bench.thread(chat)).messages
    say('A1b')
    await drain(bench, bench.calls['chats.edit']({ chat, message: q1!.id, content: 'Q1b' }, bench.never()))
    expect(await contents(bench, chat)).toEqual(['Q1b', 'A1b'])
    say('A1c')
    const a1b = (await bench.thread(chat)).messages[1]!
    await drain(bench, bench.calls['chats.regenerate']({ chat, message: a1b.id, model: 'org/other' }, bench.never()))
    const thread = await bench.thread(chat)
    expect(thread.messages.map(({ content, version }) => [content, version.index, version.count])).toEqual([
      ['Q1b', 1, 2],
      ['A1c', 1, 2],
    ])
    expect(thread.messages[0]?.version.previous).toBe(q1!.id)
    expect(thread.chat.model).toBe('org/other')
    const back = await bench.calls['chats.show_branch']({ chat, message: q1!.id }, bench.never())
    expect(back.messages.map(({ content }) => content)).toEqual(['Q1', 'A1', 'Q2', 'A2'])
    say('A1d')
    await drain(bench, bench.calls['chats.regenerate']({ chat, message: a1!.id }, bench.never()))
    expect(bench.requests.at(-1)?.messages).toEqual([{ role: 'user', content: 'Q1' }])
  })

  test('the model gets the system prompt, the shown branch and the files, roles in turn; parameters and model are the conversation’s', async () => {
    const bench = openBench()
    const chat = await bench.create()
    await bench.calls['chats.update']({ chat, system_prompt: 'Be brief.', params: { temperature: 0.2 } }, bench.never())
    bench.script.push([new AppError('engine_crashed', 'It died.')])
    await bench.send(chat, 'First')
    const attachments = [{ name: 'a.md', text: 'x\n```js\ny\n```' }]
    await drain(bench, bench.calls['chats.send']({ chat, content: 'Second', attachments }, bench.never()))
    expect(bench.requests.at(-1)).toMatchObject({ model: 'org/model', params: { temperature: 0.2 }, face: 'chat' })
    expect(bench.requests.at(-1)?.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'First\n\nFile: a.md\n\n````\nx\n```js\ny\n```\n````\n\nSecond' },
    ])
    const shown = (await bench.thread(chat)).messages[2]!
    expect(shown.attachments).toEqual([{ name: 'a.md', characters: 13 }])
    await drain(bench, bench.calls['chats.edit']({ chat, message: shown.id, content: 'Third' }, bench.never()))
    expect(JSON.stringify(bench.requests.at(-1)?.messages)).toContain('a.md')
  })

  test('a title comes from the first question, unless somebody gave one', async () => {
    const bench = openBench()
    const [made, given] = [await bench.create(), await bench.create('Mine')]
    await bench.send(made, '  Why is   the sky\nblue, and why are sunsets so very red in the evening hours?')
    await bench.send(given, 'Hello')
    const titles = (await bench.list()).chats.map(({ title }) => title)
    expect(titles).toEqual(['Mine', 'Why is the sky blue, and why are sunsets so very red in the…'])
  })
})

describe('export and import', () => {
  async function exported(bench: Bench, input: { chat?: string; format: 'json' | 'markdown' }): Promise<string> {
    let all = ''
    for await (const piece of bench.calls['chats.export'](input, bench.never())) all += piece.text
    return all
  }

  test('what was exported is imported as it was: branches, files, figures, pins and parameters', async () => {
    const bench = openBench()
    const chat = await bench.create('Kept')
    await bench.calls['chats.update']({ chat, pinned: true, system_prompt: 'S', params: { top_p: 0.9 } }, bench.never())
    const attachments = [{ name: 'a.txt', text: 'body' }]
    await drain(bench, bench.calls['chats.send']({ chat, content: 'Q', attachments }, bench.never()))
    const [q] = (await bench.thread(chat)).messages
    await drain(bench, bench.calls['chats.edit']({ chat, message: q!.id, content: 'Q2' }, bench.never()))
    const file = await exported(bench, { format: 'json' })
    const other = openBench()
    expect(await other.calls['chats.import']({ text: file }, other.never())).toEqual({ chats: 1, messages: 4 })
    const id = (await other.list()).chats[0]!.id
    const normal = (json: string) => {
      const [only] = readJsonFile(json)
      const names = new Map(only!.messages.map((message, index) => [message.id, `#${index}`]))
      return JSON.stringify(only).replaceAll(/"(?:id|parent_id|leaf)":"([^"]+)"/g, (_all, name: string) => names.get(name) ?? '?')
    }
    expect(normal(await exported(other, { chat: id, format: 'json' }))).toBe(normal(file))
    expect(await other.find('body')).toHaveLength(1)
  })

  test('Markdown has the shown branch, who said what, and the files', async () => {
    const bench = openBench()
    const chat = await bench.create('My title')
    bench.script.push([{ type: 'reasoning', text: 'Hm' }, text('Yes.'), finished])
    const attachments = [{ name: 'a.txt', text: 'body' }]
    await drain(bench, bench.calls['chats.send']({ chat, content: 'Is it?', attachments }, bench.never()))
    expect(await exported(bench, { chat, format: 'markdown' })).toBe(
      '# My title\n\n## You\n\nFile: a.txt\n\n```\nbody\n```\n\nIs it?\n\n## org/model\n\n> Hm\n\nYes.\n',
    )
    expect(await codeOf(exported(bench, { format: 'markdown' }))).toBe('invalid_input')
  })

  test('a file that is none of ours changes nothing and says what is wrong', async () => {
    const bench = openBench()
    const base = { format: 'mlx-knife-chats', version: 1, exported_at: '2026-01-01T00:00:00Z' }
    const message = { id: 'a', parent_id: null, role: 'user', content: 'x', created_at: '2026-01-01T00:00:00Z', state: 'complete' }
    const chat = { title: 'T', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', messages: [message] }
    const good = { ...base, chats: [chat] }
    const bad: unknown[] = [
      '',
      'not json',
      '[]',
      'null',
      { ...base, version: 2, chats: [] },
      { ...base, format: 'other', chats: [] },
      { ...good, chats: [chat, { ...chat, title: '' }] },
      { ...good, chats: [{ ...chat, messages: [message, message] }] },
      { ...good, chats: [{ ...chat, messages: [{ ...message, parent_id: 'a' }] }] },
      { ...good, chats: [{ ...chat, messages: [{ ...message, role: 'system' }] }] },
      { ...good, chats: [{ ...chat, messages: [{ ...message, created_at: 'yesterday' }] }] },
      { ...good, chats: [{ ...chat, leaf: 'zz' }] },
    ]
    for (const value of bad) {
      const body = typeof value === 'string' ? value : JSON.stringify(value)
      expect(await codeOf(bench.calls['chats.import']({ text: body }, bench.never())), body).toBe('invalid_chat_file')
    }
    expect((await bench.list()).chats).toEqual([])
    await bench.calls['chats.import']({ text: JSON.stringify(good) }, bench.never())
    expect((await bench.list()).chats).toHaveLength(1)
  })

  test('no JSON at all makes it fail in another way', () => {
    fc.assert(
      fc.property(fc.json(), (value) => {
        try {
          readJsonFile(value)
        } catch (error) {
          expect(error instanceof AppError && error.code === 'invalid_chat_file').toBe(true)
        }
      }),
    )
  })
})

test('a full disk is said to whoever listens, and the answer goes on', async () => {
  const bench = openBench()
  const chat = await bench.create()
  const { DatabaseSync } = await import('@photostructure/sqlite')
  const { gate, release } = held()
  bench.script.push([text('Words'), gate, text('x'.repeat(200_000)), finished])
  const events: ChatEvent[] = []
  const told = (async () => {
    for await (const event of bench.calls['chats.send']({ chat, content: 'Go', attachments: [] }, bench.never())) events.push(event)
  })()
  await vi.waitFor(() => expect(events.length).toBeGreaterThan(1))
  // Another connection holds the right to write: no store can succeed, as on a full disk.
  const other = new DatabaseSync(bench.file)
  other.exec('BEGIN IMMEDIATE')
  release()
  await expect(told).rejects.toBeInstanceOf(Error)
  other.exec('ROLLBACK')
  other.close()
  expect(events.flatMap((event) => (event.type === 'progress' ? [event.content] : [])).join('')).toHaveLength(200_005)
  expect((await bench.list()).chats[0]?.answering).toBe(false)
  // With room again, the next answer that is stored takes it along.
  await bench.send(chat, 'And now?')
  const stored = (await bench.thread(chat)).messages[1]
  expect([stored?.state, stored?.content.length]).toEqual(['complete', 200_005])
})

test('a branch is a conversation of its own with all up to a message, and the first one stays as it was', async () => {
  const bench = openBench()
  const chat = await bench.create()
  for (const [question, answer] of [
    ['one', 'eins'],
    ['two', 'zwei'],
  ] as const) {
    bench.script.push([text(answer), finished])
    await bench.send(chat, question)
  }
  const before = await contents(bench, chat)
  const first = (await bench.thread(chat)).messages[1]
  const branch = await bench.calls['chats.branch']({ chat, message: first!.id }, bench.never())
  expect(branch.id).not.toBe(chat)
  expect(await contents(bench, branch.id)).toEqual(['one', 'eins'])
  bench.script.push([text('drei'), finished])
  await bench.send(branch.id, 'three')
  expect(await contents(bench, branch.id)).toEqual(['one', 'eins', 'three', 'drei'])
  expect(await contents(bench, chat)).toEqual(before)
  expect(await codeOf(bench.calls['chats.branch']({ chat, message: 'nobody' }, bench.never()))).toBe('chat_not_found')
})

test('nothing is read or written while everything is deleted, and a new history begins after that', async () => {
  const bench = openBench()
  const chat = await bench.create()
  await bench.send(chat, 'A secret')
  const letGo = await bench.chats.release()
  await expect(bench.list()).rejects.toMatchObject({ code: 'busy' })
  for (const end of ['', '-wal', '-shm']) rmSync(`${bench.file}${end}`, { force: true })
  letGo()
  expect((await bench.list()).chats).toEqual([])
  await bench.send(await bench.create(), 'A new beginning')
  expect(readFileSync(bench.file).includes('A secret')).toBe(false)
})
