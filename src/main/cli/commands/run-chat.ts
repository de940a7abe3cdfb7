import { createInterface } from 'node:readline'
import type { SamplingParams } from '../../../shared/contract'
import { isCancellation, toSerializedError } from '../../../shared/errors'
import type { Context } from '../context'
import { printAnswer } from '../output/answer'
import { renderError } from '../output/errors'
import type { CliGenerator, CliMessage } from '../services/generator'

export interface ChatOptions {
  model: string
  system: string | undefined
  params: SamplingParams
  reasoning: boolean
}

const farewells = new Set(['exit', 'quit', 'q'])

/**
 * A line chat on the terminal, until Ctrl-D or `exit`. Ctrl-C stops the answer that is being given and keeps what came of it; a failed
 * question is forgotten, so that the next one is not asked in its shadow. Prompts go to stderr, answers to stdout.
 */
export async function chat(context: Context, generator: CliGenerator, options: ChatOptions): Promise<void> {
  const { io, talkPaint } = context
  const lines = createInterface({ input: io.stdin, output: process.stderr, terminal: true })
  const history: CliMessage[] = options.system === undefined ? [] : [{ role: 'system', content: options.system }]
  let answering: AbortController | null = null
  context.note(talkPaint.dim(`Chat with ${options.model}. Ctrl-C stops an answer, Ctrl-D leaves.`))
  lines.setPrompt(talkPaint.bold('You: '))
  lines.on('SIGINT', () => {
    if (answering !== null) answering.abort()
    else {
      io.stderr.write('\n')
      lines.prompt()
    }
  })
  const leave = (): void => {
    answering?.abort()
    lines.close()
  }
  const { signal } = context.interruption()
  signal.addEventListener('abort', leave, { once: true })
  try {
    lines.prompt()
    for await (const line of lines) {
      const text = line.trim()
      if (farewells.has(text.toLowerCase())) break
      if (text !== '') {
        answering = new AbortController()
        await ask(context, generator, options, history, text, answering.signal)
        answering = null
      }
      if (signal.aborted) break
      lines.prompt()
    }
  } finally {
    signal.removeEventListener('abort', leave)
    lines.close()
    io.stderr.write('\n')
  }
}

async function ask(
  context: Context,
  generator: CliGenerator,
  { model, params, reasoning }: ChatOptions,
  history: CliMessage[],
  text: string,
  signal: AbortSignal,
): Promise<void> {
  history.push({ role: 'user', content: text })
  let partial = ''
  const onText = (piece: string): void => {
    partial += piece
  }
  try {
    const events = generator.generate({ model, messages: [...history], params }, signal)
    const answer = await printAnswer(context, events, { stream: true, reasoning, onText })
    history.push({ role: 'assistant', content: answer.text })
  } catch (error) {
    if (partial === '') history.pop()
    else history.push({ role: 'assistant', content: partial })
    if (isCancellation(error)) context.note(context.talkPaint.dim('(interrupted)'))
    else context.io.stderr.write(renderError(toSerializedError(error), context.program, context.command, context.talkPaint))
  }
}
