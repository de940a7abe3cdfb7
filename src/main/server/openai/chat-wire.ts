import type { TokenLogprob } from '../../../shared/contract'
import type { ChatCompletion, ChatCompletionChunk, ChatDelta, WireLogprobs, WireToolCall } from '../../../shared/openai'
import { encodeData, type AnswerHead, type Dialect, type SaidChoice } from './dialect'

/** `POST /v1/chat/completions` (reference: OpenAI's chat completions; product.md §4). */
export const chatDialect: Dialect = {
  // The role and empty content, as OpenAI begins.
  encodeStart: (head, index) => encodeDelta(head, index, { role: 'assistant', content: '' }),

  encodeEvent: (head, index, event) => {
    switch (event.type) {
      case 'state':
        return ''
      case 'text':
        return event.logprobs === undefined
          ? `${openDelta(head, index)}{"content":${JSON.stringify(event.text)}}${closeDelta}`
          : encodeDelta(head, index, { content: event.text }, event.logprobs)
      case 'reasoning': {
        const text = JSON.stringify(event.text)
        return `${openDelta(head, index)}{"reasoning_content":${text},"reasoning":${text}}${closeDelta}`
      }
      case 'tool_call': {
        const start = { index: event.index, id: event.id, type: 'function', function: { name: event.name, arguments: '' } } as const
        const rest = { index: event.index, function: { arguments: event.arguments } }
        return encodeDelta(head, index, { tool_calls: [start] }) + encodeDelta(head, index, { tool_calls: [rest] })
      }
      case 'finish':
        return encodeChunk(head, [{ index, delta: {}, finish_reason: event.reason }])
    }
  },

  encodeUsage: (head, usage) => encodeData({ ...frame(head), choices: [], usage }),

  toWhole: (head, choices, usage): ChatCompletion => ({
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices: choices.map(toChoice),
    usage,
  }),
}

function toChoice({ events, finish }: SaidChoice, index: number): ChatCompletion['choices'][number] {
  let content = ''
  let reasoning = ''
  const calls: WireToolCall[] = []
  const tokens: TokenLogprob[] = []
  let hasTokens = false
  for (const event of events) {
    if (event.type === 'reasoning') reasoning += event.text
    else if (event.type === 'tool_call') {
      calls.push({ id: event.id, type: 'function', function: { name: event.name, arguments: event.arguments } })
    } else {
      content += event.text
      tokens.push(...(event.logprobs ?? []))
      hasTokens ||= event.logprobs !== undefined
    }
  }
  return {
    index,
    message: {
      role: 'assistant',
      content: content === '' && calls.length > 0 ? null : content,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning, reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: hasTokens ? toWireLogprobs(tokens) : null,
    finish_reason: finish.reason,
  }
}

function toWireLogprobs(content: TokenLogprob[]): WireLogprobs {
  return { content, refusal: null }
}

/** What stands before the delta of every chunk of one choice; and after it, while there is more to come. */
function openDelta(head: AnswerHead, index: number): string {
  let own = opened.get(head)
  if (own === undefined) opened.set(head, (own = new Map()))
  const known = own.get(index)
  if (known !== undefined) return known
  const text = `data: ${JSON.stringify(frame(head)).slice(0, -1)},"choices":[{"index":${index},"delta":`
  own.set(index, text)
  return text
}

/** The same for all tokens of an answer, so it is made once. */
const opened = new WeakMap<AnswerHead, Map<number, string>>()
const closeDelta = ',"finish_reason":null}]}\n\n'

function encodeDelta(head: AnswerHead, index: number, delta: ChatDelta, tokens?: TokenLogprob[]): string {
  return encodeChunk(head, [
    { index, delta, ...(tokens === undefined ? {} : { logprobs: toWireLogprobs(tokens) }), finish_reason: null },
  ])
}

function encodeChunk(head: AnswerHead, choices: ChatCompletionChunk['choices']): string {
  return encodeData({ ...frame(head), choices } satisfies ChatCompletionChunk)
}

function frame({ id, created, model }: AnswerHead): Omit<ChatCompletionChunk, 'choices' | 'usage'> {
  return { id, object: 'chat.completion.chunk', created, model }
}
