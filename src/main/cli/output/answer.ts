import type { GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { Context } from '../context'
import { safeText } from './text'

type Finish = Extract<GenerationEvent, { type: 'finish' }>

export interface Answer {
  text: string
  reasoning: string
  finish: Finish
}

export interface AnswerView {
  /** Print the text as it comes, else in one piece at the end. */
  stream: boolean
  reasoning: boolean
  /** Called with every piece of text, also when the answer is cut short. */
  onText?: (text: string) => void
}

/**
 * Prints one answer while it is generated: its text on stdout, what the model thinks dimmed on stderr. With `--json=stream` every event
 * is a line; with the other JSON forms nothing is printed.
 * @throws AppError whatever ended the generation; what had come by then is printed
 */
export async function printAnswer(context: Context, events: AsyncIterable<GenerationEvent>, view: AnswerView): Promise<Answer> {
  const { isHuman, io, talkPaint } = context
  const live = view.stream && isHuman
  let text = ''
  let reasoning = ''
  let status = false
  const clearStatus = (): void => {
    if (status) io.stderr.write('\r\u001B[K')
    status = false
  }
  const think = (piece: string): void => {
    if (isHuman && view.reasoning) io.stderr.write(talkPaint.dim(safeText(piece)))
  }
  const endThinking = (): void => {
    if (text === '' && reasoning !== '' && isHuman && view.reasoning) io.stderr.write(reasoning.endsWith('\n') ? '\n' : '\n\n')
  }
  try {
    for await (const event of events) {
      if (event.type !== 'finish') context.progress({ event: event.type, ...withoutType(event) })
      if (event.type === 'state') {
        if (isHuman && io.stderr.isTTY && event.state === 'loading') {
          const percent = event.progress === null ? '' : ` ${Math.round(event.progress * 100)}%`
          io.stderr.write(`\r\u001B[K${talkPaint.dim(`Loading the model…${percent}`)}`)
          status = true
        }
        continue
      }
      clearStatus()
      if (event.type === 'reasoning') {
        think(event.text)
        reasoning += event.text
      } else if (event.type === 'text') {
        endThinking()
        text += event.text
        view.onText?.(event.text)
        if (live) io.stdout.write(io.stdout.isTTY ? safeText(event.text) : event.text)
      } else if (event.type === 'finish') {
        if (isHuman) printEnd(context, event, text, live)
        return { text, reasoning, finish: event }
      }
    }
  } catch (error) {
    clearStatus()
    if (isHuman && text !== '') io.stdout.write(live ? '\n' : `${text}\n`)
    throw error
  }
  throw new AppError('engine_crashed', 'The answer ended before it was complete.', { hint: 'Ask again.' })
}

const withoutType = ({ type: _type, ...rest }: GenerationEvent): object => rest

function printEnd(context: Context, finish: Finish, text: string, live: boolean): void {
  const { io, talkPaint } = context
  if (!live) io.stdout.write(io.stdout.isTTY ? safeText(text) : text)
  if (!text.endsWith('\n')) io.stdout.write('\n')
  if (finish.reason === 'length') {
    context.note(talkPaint.yellow(`The answer was cut after ${finish.usage.completion_tokens} tokens: see --max-tokens.`))
  }
}
