import { expect, test } from 'vitest'
import { contract, type AppContract, type GenerationEvent, type Handlers } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { createClient, createDispatcher } from '../../../shared/rpc'
import { finished, openBench } from '../../core/chat/test-bench'
import { continueChat } from './kept-chat'

const text = (value: string): GenerationEvent => ({ type: 'text', text: value })
const user = (content: string) => ({ role: 'user' as const, content })
const assistant = (content: string) => ({ role: 'assistant' as const, content })

function open() {
  const bench = openBench()
  const client = createClient<AppContract>({ open: createDispatcher(contract, bench.calls as unknown as Handlers<AppContract>) })
  const said = async (events: AsyncIterable<GenerationEvent>): Promise<string> => {
    let all = ''
    for await (const event of events) if (event.type === 'text') all += event.text
    return all
  }
  const { signal } = new AbortController()
  return { bench, client, said, signal }
}
const contents = async (bench: ReturnType<typeof openBench>, chat: string) =>
  (await bench.thread(chat)).messages.map(({ content }) => content)

test('the conversation that was changed last goes on, and what is said is kept in it', async () => {
  const { bench, client, said, signal } = open()
  const first = await bench.create('First')
  const second = await bench.create('Second')
  await bench.calls['chats.update']({ chat: first, pinned: true }, bench.never())
  bench.script.push([text('eins'), finished])
  await bench.send(second, 'one')
  const kept = await continueChat(client)
  expect(kept).toMatchObject({ title: 'Second', model: 'org/model' })
  bench.script.push([text('zwei'), finished])
  const messages = [user('one'), assistant('eins'), user('two')]
  expect(await said(kept.generate({ model: 'org/model', messages, params: { temperature: 0.5 } }, signal))).toBe('zwei')
  expect(await contents(bench, second)).toEqual(['one', 'eins', 'two', 'zwei'])
  expect((await bench.thread(second)).chat.params).toEqual({ temperature: 0.5 })
})

test('a question that is asked again is another version; after everything was forgotten a new conversation begins', async () => {
  const { bench, client, said, signal } = open()
  const chat = await bench.create('Talk')
  bench.script.push([text('eins'), finished])
  await bench.send(chat, 'one')
  const kept = await continueChat(client)
  bench.script.push([text('uno'), finished])
  await said(kept.generate({ model: 'org/model', messages: [user('one')], params: {} }, signal))
  expect(await contents(bench, chat)).toEqual(['one', 'uno'])
  expect((await bench.thread(chat)).messages[1]?.version.count).toBe(2)
  bench.script.push([text('neu'), finished])
  await said(kept.generate({ model: 'org/model', messages: [user('fresh')], params: {} }, signal))
  expect(await contents(bench, chat)).toEqual(['one', 'uno'])
  expect((await bench.list()).chats).toHaveLength(2)
})

test('what the answer failed of is thrown, and without a conversation it says so', async () => {
  const { bench, client, said, signal } = open()
  await expect(continueChat(client)).rejects.toMatchObject({ code: 'chat_not_found' })
  const chat = await bench.create('Talk')
  const kept = await continueChat(client)
  bench.script.push([text('half'), new AppError('engine_crashed', 'It died.')])
  await expect(said(kept.generate({ model: 'org/model', messages: [user('one')], params: {} }, signal))).rejects.toMatchObject({
    code: 'engine_crashed',
  })
  expect(await contents(bench, chat)).toEqual(['one', 'half'])
})
