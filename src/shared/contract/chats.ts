import { z } from 'zod'
import { isoTime, modelSpec, noOutput } from './common'
import { chatMessage, samplingParams } from './generation'
import { method, stream } from './method'

const id = z.string().min(1).max(64)
const title = z.string().trim().min(1).max(200)
/** Characters of one message; far more than any model reads. */
const text = z.string().max(4_000_000)
const systemPrompt = z.string().max(100_000)

/** A text file that goes with a question. */
export const attachment = z.strictObject({ name: z.string().min(1).max(255), text: z.string().max(1_000_000) })
const attachments = z.array(attachment).max(20)

export const chatSummary = z.object({
  id,
  title: z.string(),
  pinned: z.boolean(),
  /** The model that was asked last. */
  model: z.string().nullable(),
  created_at: isoTime,
  updated_at: isoTime,
  /** An answer is being written now. */
  answering: z.boolean(),
})

export const chatDetail = chatSummary.extend({ system_prompt: z.string(), params: samplingParams })

/** A message as the thread shows it: with its place among the other versions of it. */
export const threadMessage = chatMessage.extend({
  parent_id: id.nullable(),
  attachments: z.array(z.object({ name: z.string(), characters: z.number().int() })),
  /** From 0. `previous` and `next` are the versions beside it. */
  version: z.object({ index: z.number().int(), count: z.number().int(), previous: id.nullable(), next: id.nullable() }),
})

/** A page of the shown branch, oldest first. `more`: older ones come before it. */
export const thread = z.object({ chat: chatDetail, messages: z.array(threadMessage), more: z.boolean() })

export const searchHit = z.object({
  chat: chatSummary,
  /** The newest message that has it; null when only the title has. */
  message_id: id.nullable(),
  /** The place it was found at; `match` as it is written there. */
  snippet: z.object({ before: z.string(), match: z.string(), after: z.string() }).nullable(),
})

/**
 * What a window hears of an answer. `begun` is first and tells what there is already; `progress` carries what has come since the last
 * one; `end` is last. Leaving the stream ends the telling, never the answer.
 */
export const chatEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begun'), chat: chatSummary, question: threadMessage.nullable(), answer: threadMessage }),
  z.object({
    type: z.literal('progress'),
    waiting: z.object({ state: z.enum(['sent', 'queued', 'loading', 'prefill']), progress: z.number().nullable() }).nullable(),
    thinking: z.boolean(),
    reasoning_ms: z.number().nullable(),
    content: z.string(),
    reasoning: z.string(),
  }),
  z.object({ type: z.literal('end'), chat: chatSummary, answer: threadMessage }),
])

/** One message of an exported file. A parent comes before its children. */
export const exportedMessage = z.strictObject({
  id,
  parent_id: id.nullable(),
  role: z.enum(['user', 'assistant']),
  content: text,
  reasoning: text.nullable().default(null),
  reasoning_ms: z.number().nonnegative().nullable().default(null),
  model: z.string().max(512).nullable().default(null),
  created_at: isoTime,
  state: z.enum(['complete', 'interrupted', 'failed']),
  finish_reason: chatMessage.shape.finish_reason.default(null),
  usage: chatMessage.shape.usage.default(null),
  timing: chatMessage.shape.timing.default(null),
  error: chatMessage.shape.error.default(null),
  attachments: attachments.default([]),
})

export const exportedChat = z.strictObject({
  title,
  pinned: z.boolean().default(false),
  model: z.string().max(512).nullable().default(null),
  system_prompt: systemPrompt.default(''),
  params: samplingParams.default({}),
  created_at: isoTime,
  updated_at: isoTime,
  /** The last message of the branch that was shown; null: the newest. */
  leaf: id.nullable().default(null),
  messages: z.array(exportedMessage).max(100_000),
})

/** The file that `chats.export` writes and `chats.import` reads. */
export const exportFile = z.strictObject({
  format: z.literal('mlx-knife-chats'),
  version: z.literal(1),
  exported_at: isoTime,
  chats: z.array(exportedChat).max(10_000),
})

export type Attachment = z.infer<typeof attachment>
export type ChatSummary = z.infer<typeof chatSummary>
export type ChatDetail = z.infer<typeof chatDetail>
export type ThreadMessage = z.infer<typeof threadMessage>
export type ChatThread = z.infer<typeof thread>
export type SearchHit = z.infer<typeof searchHit>
export type ChatEvent = z.infer<typeof chatEvent>
export type ExportedChat = z.infer<typeof exportedChat>

const chat = { chat: id }
/** Whom to ask; absent: the model that the conversation asked last. */
const model = modelSpec.optional()

export const chatsContract = {
  /** Pinned ones first, then by their last change. `set_aside`: a damaged history that was kept under this path. */
  'chats.list': method(
    z.strictObject({ after: z.string().max(200).optional(), limit: z.number().int().min(1).max(200).default(50) }),
    z.object({ chats: z.array(chatSummary), next: z.string().nullable(), set_aside: z.string().nullable() }),
  ),
  /** Titles, questions, answers, thoughts and attached files. All words must be in one message. Newest first. */
  'chats.search': method(
    z.strictObject({ query: z.string().trim().min(1).max(200), limit: z.number().int().min(1).max(100).default(50) }),
    z.object({ hits: z.array(searchHit) }),
  ),
  /** The end of the shown branch, or the page before a message of it. @throws chat_not_found */
  'chats.get': method(
    z.strictObject({ ...chat, before: id.optional(), limit: z.number().int().min(1).max(500).default(60) }),
    thread,
  ),
  'chats.create': method(
    z.strictObject({ title: title.optional(), model, system_prompt: systemPrompt.optional(), params: samplingParams.optional() }),
    chatDetail,
  ),
  /** Rename, pin, and what the next answer is asked with. @throws chat_not_found */
  'chats.update': method(
    z.strictObject({
      ...chat,
      title: title.optional(),
      pinned: z.boolean().optional(),
      model,
      system_prompt: systemPrompt.optional(),
      params: samplingParams.optional(),
    }),
    chatDetail,
  ),
  /** Stops its answer. Can be taken back with `chats.restore` for an hour. @throws chat_not_found */
  'chats.delete': method(z.strictObject(chat), noOutput),
  'chats.restore': method(z.strictObject(chat), chatSummary),
  /** A new conversation that begins with everything up to and with a message; the old one stays. @throws chat_not_found */
  'chats.branch': method(z.strictObject({ ...chat, message: id }), chatDetail),
  /** Shows the branch that a message is on, up to its newest end. @throws chat_not_found */
  'chats.show_branch': method(z.strictObject({ ...chat, message: id }), thread),
  /** @throws chat_not_found, busy (an answer is being written), disk_full */
  'chats.send': stream(z.strictObject({ ...chat, content: text, attachments: attachments.default([]), model }), chatEvent),
  /** Another version of a question, with the files of the first one. @throws as `chats.send` */
  'chats.edit': stream(z.strictObject({ ...chat, message: id, content: text, model }), chatEvent),
  /** Another version of an answer; given a question: an answer to it. @throws as `chats.send` */
  'chats.regenerate': stream(z.strictObject({ ...chat, message: id, model }), chatEvent),
  /** The answer that is being written; ends at once when there is none. @throws chat_not_found */
  'chats.watch': stream(z.strictObject(chat), chatEvent),
  /** Ends the answer and keeps what has come. */
  'chats.stop': method(z.strictObject(chat), noOutput),
  /** The pieces of a file, in order. Without `chat`: all of them, as JSON only. @throws chat_not_found */
  'chats.export': stream(
    z.strictObject({ chat: id.optional(), format: z.enum(['json', 'markdown']) }),
    z.object({ text: z.string() }),
  ),
  /** Adds the conversations of a file as new ones. @throws invalid_chat_file, disk_full */
  'chats.import': method(
    z.strictObject({ text: z.string().max(15_000_000) }),
    z.object({ chats: z.number().int(), messages: z.number().int() }),
  ),
}
