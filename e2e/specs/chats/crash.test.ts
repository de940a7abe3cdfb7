import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectOwner, type OwnerClient } from '../../../src/main/core/ownership'
import { currentPlatform, dataPaths } from '../../../src/main/core/system'
import type { ChatEvent } from '../../../src/shared/contract'
import { startMlxk } from '../../drivers/cli'
import { firstLine } from '../../drivers/process'
import { writeFakePython, writeFaultyModel } from '../../fakes/engine'
import { createHome, type TestHome } from '../cli/home'

let home: TestHome
let env: Record<string, string>
let child: ChildProcess

beforeEach(() => {
  home = createHome()
  env = { ...home.env, MLXK_PYTHON: writeFakePython(join(home.root, 'python')) }
})
afterEach(async () => {
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  home.remove()
})

async function serve(): Promise<OwnerClient> {
  child = startMlxk(['serve', '--port', '0', '--json'], { env })
  await firstLine(child)
  return (await connectOwner(dataPaths(env, currentPlatform(env))))!
}

/** Reads until so much has been said, then leaves. */
async function listen(events: AsyncIterable<ChatEvent>, enough: (content: string) => boolean): Promise<string> {
  let content = ''
  for await (const event of events) {
    if (event.type === 'progress') content += event.content
    if (enough(content)) break
  }
  return content
}

test('kill -9 in the middle of an answer: the question and what had come are there, marked as interrupted', async () => {
  await writeFaultyModel(home.hub, 'org/talker', { say: 'one two three four five', endless: true, token_ms: 20 })
  const first = await serve()
  const { id: chat } = await first.call('chats.create', { model: 'org/talker' })
  // The second that a word may take to the disk has passed for the first of them when this many have come.
  const seen = await listen(first.stream('chats.send', { chat, content: 'Count for me' }), (content) => content.length > 400)
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  const second = await serve()
  const { messages } = await second.call('chats.get', { chat })
  expect(messages[0]).toMatchObject({ role: 'user', content: 'Count for me', state: 'complete' })
  expect(messages[1]).toMatchObject({
    role: 'assistant',
    state: 'interrupted',
    model: 'org/talker',
    error: { code: 'server_shutdown' },
  })
  const kept = messages[1]!.content
  expect(kept).not.toBe('')
  expect(seen.startsWith(kept) || kept.startsWith(seen)).toBe(true)
  const { hits } = await second.call('chats.search', { query: 'three four' })
  expect(hits.map((hit) => hit.chat.id)).toEqual([chat])
})

test('a window that goes away does not end its answer: another finds it whole', async () => {
  await writeFaultyModel(home.hub, 'org/talker', {
    say: Array.from({ length: 60 }, (_, at) => `word${at}`).join(' '),
    token_ms: 10,
  })
  const owner = await serve()
  const { id: chat } = await owner.call('chats.create', { model: 'org/talker' })
  await listen(owner.stream('chats.send', { chat, content: 'Talk' }), (content) => content.includes('word3'))
  const other = (await connectOwner(dataPaths(env, currentPlatform(env))))!
  for await (const event of other.stream('chats.watch', { chat }))
    if (event.type === 'end') expect(event.answer.state).toBe('complete')
  const { messages } = await other.call('chats.get', { chat })
  expect(messages[1]).toMatchObject({ state: 'complete', finish_reason: 'stop' })
  expect(messages[1]!.content).toContain('word59')
})

test('nothing of the history is read or made by starting alone', async () => {
  await serve()
  expect(existsSync(join(home.data, 'chat.db'))).toBe(false)
})
