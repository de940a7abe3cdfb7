import { describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../shared/errors'
import { aChat, aChatDetail } from '../../testing/chats'
import { fakeClient } from '../../testing/fake-client'
import { readFiles } from './files'
import { splitImport } from './import-file'
import { createChatListActions, fileNameOf } from './list-actions'
import { createChatListStore } from './store'

function setUp() {
  const store = createChatListStore()
  const removed: string[] = []
  const restored: string[] = []
  const done: ({ deleted: string; undo: () => void } | { imported: number })[] = []
  const saved: [string, string, string][] = []
  const answers = new Map<string, (value: unknown) => void>()
  const { client, asked } = fakeClient(
    {
      'chats.list': () => ({ chats: [aChat('a'), aChat('b')], next: null, set_aside: null }),
      'chats.search': (input) =>
        new Promise((resolve) => {
          answers.set((input as { query: string }).query, () =>
            resolve({ hits: [{ chat: aChat('a'), message_id: null, snippet: null }] }),
          )
        }),
      'chats.update': () => aChatDetail('a'),
      'chats.delete': () => ({}),
      'chats.restore': () => aChat('a'),
      'chats.import': () => {
        throw new AppError('invalid_chat_file', 'no')
      },
    },
    {
      'chats.export': async function* () {
        yield { text: 'one' }
        yield { text: 'two' }
      },
    },
  )
  const chats = createChatListActions({
    client,
    store,
    onRemove: (chat) => {
      removed.push(chat)
      return true
    },
    onRestored: (chat) => void restored.push(chat),
    onDone: (one) => void done.push(one),
    save: (...file) => void saved.push(file),
  })
  return { chats, store, state: () => store.getState(), asked, removed, restored, done, saved, answers }
}

describe('the list of conversations', () => {
  it('deletes with a way back', async () => {
    const bench = setUp()
    await bench.chats.remove(aChat('a'))
    expect(bench.removed).toEqual(['a'])
    const [one] = bench.done
    if (one === undefined || !('undo' in one)) throw new Error('nothing to undo')
    expect(one.deleted).toBe('Chat a')
    one.undo()
    await vi.waitFor(() => expect(bench.asked).toHaveLength(4))
    expect(bench.restored).toEqual(['a'])
    expect(bench.asked.map(([name]) => name)).toEqual(['chats.delete', 'chats.list', 'chats.restore', 'chats.list'])
  })

  it('shows what the newest search found, not what an older one says late', async () => {
    const bench = setUp()
    const [one, two] = [bench.chats.search('on'), bench.chats.search('one')]
    bench.answers.get('one')?.(null)
    await two
    bench.store.setState({ hits: [] })
    bench.answers.get('on')?.(null)
    await one
    expect(bench.state().hits).toEqual([])
    await bench.chats.search('')
    expect(bench.state()).toMatchObject({ query: '', hits: null })
  })

  it('exports under a name that every file system takes', async () => {
    const bench = setUp()
    await bench.chats.exportChats('markdown', aChat('a', { title: '../Übung: a/b?' }))
    expect(bench.saved).toEqual([['Übung a b.md', 'onetwo', 'text/markdown']])
    expect(fileNameOf('///')).toBe('chat')
    expect(fileNameOf('…'.repeat(300) + 'x'.repeat(300)).length).toBeLessThanOrEqual(60)
  })

  it('says what is wrong with a file that cannot be imported', async () => {
    const bench = setUp()
    await bench.chats.importText('nonsense')
    expect(bench.state().problem?.code).toBe('invalid_chat_file')
    expect(bench.done).toEqual([])
  })
})

it('a large file of conversations is imported in pieces that are files themselves', () => {
  const chats = Array.from({ length: 9 }, (_, index) => ({ title: `${index}`, messages: ['x'.repeat(100)] }))
  const parts = splitImport(JSON.stringify({ format: 'f', version: 1, chats }), 300).map(
    (part) => JSON.parse(part) as { chats: object[] },
  )
  expect(parts.length).toBeGreaterThan(2)
  expect(parts.flatMap((part) => part.chats)).toEqual(chats)
  for (const part of parts) expect(part).toMatchObject({ format: 'f', version: 1 })
  expect(splitImport('x'.repeat(400), 300)).toEqual(['x'.repeat(300)])
})

describe('files that go with a question', () => {
  const file = (name: string, content: BlobPart) => new File([content], name)

  it('are text and small; others are named with the reason', async () => {
    const { files, problem } = await readFiles([file('a.txt', 'käse'), file('b.png', new Uint8Array([0x89, 0x50, 0, 0xff]))], [])
    expect(files).toEqual([{ name: 'a.txt', text: 'käse' }])
    expect(problem).toEqual({ name: 'b.png', reason: 'not_text' })
    expect((await readFiles([file('big.log', 'x'.repeat(1_000_001))], [])).problem).toEqual({
      name: 'big.log',
      reason: 'too_large',
    })
    const many = Array.from({ length: 21 }, (_, index) => file(`${index}`, 'x'))
    const result = await readFiles(many, [])
    expect(result.files).toHaveLength(20)
    expect(result.problem?.reason).toBe('too_many')
  })
})
