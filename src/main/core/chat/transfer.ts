import { exportFile, type ExportedChat } from '../../../shared/contract'
import { AppError, firstProblem } from '../../../shared/errors'

/** The pieces of an export file: one conversation at a time is in memory. */
export function* toJsonFile(chats: Iterable<ExportedChat>, nowMs: number): Generator<string> {
  const head = JSON.stringify({ format: 'mlx-knife-chats', version: 1, exported_at: new Date(nowMs).toISOString() })
  yield `${head.slice(0, -1)},"chats":[`
  let first = true
  for (const chat of chats) {
    yield `${first ? '' : ','}\n${JSON.stringify(chat)}`
    first = false
  }
  yield '\n]}\n'
}

function invalid(why: string, data?: Record<string, unknown>): AppError {
  return new AppError('invalid_chat_file', `This is no file of conversations: ${why}`, {
    hint: 'Choose a JSON file that MLX Knife has exported.',
    ...(data === undefined ? {} : { data }),
  })
}

/** A tree, written from its root: so no message can be its own ancestor. */
function checkTree({ messages, leaf, title }: ExportedChat): void {
  const known = new Set<string>()
  for (const { id, parent_id: parent } of messages) {
    if (known.has(id)) throw invalid(`two messages of "${title}" have the id ${id}.`)
    if (parent !== null && !known.has(parent)) throw invalid(`a message of "${title}" stands before the one it answers.`)
    known.add(id)
  }
  if (leaf !== null && !known.has(leaf)) throw invalid(`the last message of "${title}" is missing.`)
}

/** Reads a file that somebody chose: it may be anything. @throws AppError invalid_chat_file */
export function readJsonFile(text: string): ExportedChat[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('it is not JSON.')
  }
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
  if (typeof version === 'number' && version > 1)
    throw invalid(`it has version ${version}, which only a newer MLX Knife reads.`, { version })
  const parsed = exportFile.safeParse(value)
  if (!parsed.success) throw invalid(firstProblem(parsed.error, value).sentence)
  parsed.data.chats.forEach(checkTree)
  return parsed.data.chats
}

/** The shown branch of a conversation, to be read by people. */
export function* toMarkdown(
  chat: Omit<ExportedChat, 'leaf' | 'messages'>,
  branch: readonly ExportedChat['messages'][number][],
): Generator<string> {
  yield `# ${chat.title.replaceAll(/\s+/gu, ' ')}\n`
  if (chat.system_prompt !== '') yield `\n${quote(chat.system_prompt)}\n`
  for (const message of branch) {
    yield `\n## ${message.role === 'user' ? 'You' : (message.model ?? 'Answer')}\n`
    for (const { name, text } of message.attachments) yield `\n${fenced(name, text)}\n`
    if (message.reasoning !== null && message.reasoning.trim() !== '') yield `\n${quote(message.reasoning.trim())}\n`
    if (message.content !== '') yield `\n${message.content}\n`
    if (message.state !== 'complete') yield '\n*(not complete)*\n'
  }
}

const quote = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n')

/** A file as a code block whose fence is longer than any in it. */
export function fenced(name: string, text: string): string {
  let longest = 2
  for (const [ticks] of text.matchAll(/`{3,}/g)) longest = Math.max(longest, ticks.length)
  const fence = '`'.repeat(longest + 1)
  return `File: ${name.replaceAll(/[\r\n]+/g, ' ')}\n\n${fence}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`
}
