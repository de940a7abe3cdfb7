import { createInterface } from 'node:readline'
import type { SamplingParams } from '../../../shared/contract'
import { isCancellation, toSerializedError } from '../../../shared/errors'
import type { Context } from '../context'
import { printAnswer } from '../output/answer'
import { renderError } from '../output/errors'
import type { CliGenerator } from '../services/generator'
import {
  addAnswer,
  addFragment,
  startConversation,
  takeLastQuestion,
  toMessages,
  type Conversation,
  type Turn,
} from './conversation'
import { createLineAssembler } from './input'
import { changeParams, renderParams } from './params'
import { saveConversation } from './save'
import { readTyped, renderHelp, slashCommands, type SlashName } from './slash'

export interface ChatOptions {
  model: string
  system: string | undefined
  params: SamplingParams
  reasoning: boolean
  /** A conversation that goes on: what was said in it, and what to say of it. */
  before?: { turns: Turn[]; note: string }
}

interface Chat extends ChatOptions {
  context: Context
  generator: CliGenerator
  conversation: Conversation
  /** Tokens that the model takes; null where nobody knows yet. */
  contextLength: number | null
  /** Files that this chat has written: `/save` may write them again. */
  saved: Set<string>
  answering: AbortController | null
}

/**
 * A chat on the terminal, until Ctrl-D or `/exit`. Ctrl-C stops the answer that is being given and keeps what came of it, or empties the
 * line; a failed question is forgotten, so that the next one is not asked in its shadow. Answers go to stdout, everything else to stderr.
 * @throws AppError model_not_found and what `CliGenerator.check` throws, before anything is asked
 */
export async function runChat(context: Context, generator: CliGenerator, options: ChatOptions): Promise<void> {
  const { io, talkPaint } = context
  const { name, contextLength } = await generator.check(options.model)
  const conversation = startConversation(name, options.system, options.params)
  conversation.turns.push(...(options.before?.turns ?? []))
  const chat: Chat = { ...options, context, generator, conversation, contextLength, saved: new Set(), answering: null }
  const lines = createInterface({
    input: io.stdin,
    output: io.stderr.stream(),
    terminal: true,
    historySize: 500,
    removeHistoryDuplicates: true,
  })
  const assembler = createLineAssembler()
  const prompt = (): void => {
    lines.setPrompt(assembler.isOpen() ? talkPaint.dim('...  ') : talkPaint.bold('You: '))
    lines.prompt()
  }
  context.note(talkPaint.dim(`Chat with ${name}. /help shows what you can type, Ctrl-C stops an answer, Ctrl-D leaves.`))
  if (options.before !== undefined) context.note(talkPaint.dim(options.before.note))
  lines.on('SIGINT', () => {
    if (chat.answering !== null) {
      chat.answering.abort()
      return
    }
    assembler.reset()
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    io.stderr.write('\n')
    prompt()
  })
  const leave = (): void => {
    chat.answering?.abort()
    lines.close()
  }
  const { signal } = context.interruption()
  signal.addEventListener('abort', leave, { once: true })
  try {
    prompt()
    for await (const line of lines) {
      const text = assembler.push(line)
      if (text !== null && (await handle(chat, text)) === 'leave') break
      if (signal.aborted) break
      prompt()
    }
  } finally {
    signal.removeEventListener('abort', leave)
    lines.close()
    io.stderr.write('\n')
  }
}

async function handle(chat: Chat, text: string): Promise<'leave' | 'stay'> {
  const { context } = chat
  const typed = readTyped(text)
  switch (typed.kind) {
    case 'nothing':
      return 'stay'
    case 'leave':
      return 'leave'
    case 'question':
      await ask(chat, typed.text)
      return 'stay'
    case 'unknown': {
      const meant = typed.nearest === null ? '' : ` Did you mean ${slashCommands[typed.nearest].usage}?`
      context.note(context.talkPaint.yellow(`There is no /${typed.name}.${meant} /help shows all.`))
      return 'stay'
    }
    case 'command':
      try {
        await commands[typed.name](chat, typed.rest)
      } catch (error) {
        complain(context, error)
      }
      return 'stay'
  }
}

const commands: Record<SlashName, (chat: Chat, rest: string) => void | Promise<void>> = {
  help: ({ context }) => renderHelp().forEach((line) => context.note(line)),
  exit: () => undefined,
  clear: ({ context, conversation }) => {
    conversation.turns = []
    conversation.figures.last = null
    context.note('Forgotten.')
  },
  system: ({ context, conversation }, rest) => {
    if (rest !== '') conversation.system = /^none$/i.test(rest) ? null : rest
    context.note(conversation.system === null ? 'There is no system prompt.' : `System prompt: ${conversation.system}`)
  },
  model: async (chat, rest) => {
    if (rest !== '') {
      const { name, contextLength } = await chat.generator.check(rest)
      chat.conversation.model = name
      chat.contextLength = contextLength
    }
    chat.context.note(`Model: ${chat.conversation.model}`)
  },
  set: ({ context, conversation }, rest) => {
    const change = rest === '' ? { params: conversation.params } : changeParams(conversation.params, rest)
    if ('problem' in change) {
      context.note(context.talkPaint.yellow(change.problem))
      return
    }
    conversation.params = change.params
    context.note(renderParams(change.params))
  },
  retry: async (chat) => {
    const question = takeLastQuestion(chat.conversation)
    if (question === null) chat.context.note('Nothing was asked yet.')
    else await ask(chat, question)
  },
  save: async ({ context, conversation, saved }, rest) => {
    if (rest === '') {
      context.note(context.talkPaint.yellow(`Say where: ${slashCommands.save.usage}`))
      return
    }
    const file = await saveConversation(conversation, rest, { home: context.platform.home, env: context.env, saved })
    context.note(`Saved: ${file}`)
  },
  stats: ({ context, conversation, contextLength }) => {
    for (const line of renderStats(conversation, contextLength)) context.note(line)
  },
}

function renderStats({ model, turns, figures }: Conversation, contextLength: number | null): string[] {
  const { last, answers, promptTokens, answerTokens } = figures
  const used = last?.totalTokens ?? 0
  const full = contextLength === null ? '' : ` of ${contextLength} (${Math.round((used / contextLength) * 100)}%)`
  return [
    `${model}: ${turns.length} messages, ${answers} answers`,
    `tokens: ${promptTokens} read, ${answerTokens} written; context now: ${used}${full}`,
    ...(last === null
      ? []
      : [
          `last answer: ${last.tokensPerSecond === null ? '-' : last.tokensPerSecond.toFixed(1)} tokens/s, first after ${
            last.firstTokenMs === null ? '-' : `${Math.round(last.firstTokenMs)} ms`
          }`,
        ]),
  ]
}

async function ask(chat: Chat, text: string): Promise<void> {
  const { context, generator, conversation, reasoning } = chat
  conversation.turns.push({ role: 'user', content: text, state: 'complete', reasoning: null })
  let partial = ''
  const onText = (piece: string): void => {
    partial += piece
  }
  chat.answering = new AbortController()
  try {
    const { model, params } = conversation
    const events = generator.generate({ model, messages: toMessages(conversation), params }, chat.answering.signal)
    addAnswer(conversation, await printAnswer(context, events, { stream: true, reasoning, onText }))
  } catch (error) {
    addFragment(conversation, partial)
    if (isCancellation(error)) context.note(context.talkPaint.dim('(interrupted)'))
    else complain(context, error)
  } finally {
    chat.answering = null
  }
}

function complain(context: Context, error: unknown): void {
  context.io.stderr.write(renderError(toSerializedError(error), context.program, context.command, context.talkPaint))
}
