import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatEvent, GenerationEvent } from '../../../shared/contract'
import type { GenerationRequest } from '../generation/types'
import { createChats } from './chats'
import { openHistory } from './history'

export const finished: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cached_tokens: null },
  timing: { first_token_ms: 1, total_ms: 2, tokens_per_second: 3 },
  model: 'org/model',
}

/** Conversations over a file of their own, and a model that says what a test tells it to. */
export function openBench(file = join(mkdtempSync(join(tmpdir(), 'mlxk-chats-')), 'chat.db')) {
  let ids = 0
  let nowMs = Date.parse('2026-11-01T10:00:00Z')
  const requests: GenerationRequest[] = []
  const unforeseen: unknown[] = []
  let changes = 0
  /** What the next answers consist of; a promise is waited for, an error is thrown. */
  const script: (GenerationEvent | Error | Promise<unknown>)[][] = []
  const now = (): number => ++nowMs
  const chats = createChats({
    open: (isAnswering) => openHistory({ file, now }, isAnswering),
    generator: {
      generate: async function* (request, signal) {
        requests.push(request)
        const aborted = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')))
        })
        aborted.catch(() => undefined)
        for (const part of script.shift() ?? [{ type: 'text', text: 'An answer.' }, finished]) {
          if (part instanceof Error) throw part
          if (part instanceof Promise) await Promise.race([part, aborted])
          else yield part
        }
      },
    },
    now,
    newId: () => `m${++ids}`,
    onUnforeseen: (error) => void unforeseen.push(error),
    onChange: () => void changes++,
  })
  const { calls } = chats
  const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal })
  const collect = async (events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> => {
    const all: ChatEvent[] = []
    for await (const event of events) all.push(event)
    return all
  }
  return {
    file,
    calls,
    chats,
    requests,
    unforeseen,
    script,
    changes: () => changes,
    pass: (ms: number) => void (nowMs += ms),
    never,
    collect,
    create: async (title?: string) =>
      (await calls['chats.create']({ model: 'org/model', ...(title === undefined ? {} : { title }) }, never())).id,
    send: (chat: string, content: string) => collect(calls['chats.send']({ chat, content, attachments: [] }, never())),
    thread: async (chat: string, limit = 60) => calls['chats.get']({ chat, limit }, never()),
    list: async (limit = 50, after?: string) => calls['chats.list']({ limit, ...(after === undefined ? {} : { after }) }, never()),
    find: async (query: string) => (await calls['chats.search']({ query, limit: 50 }, never())).hits,
  }
}

export type Bench = ReturnType<typeof openBench>
