import type { TokenLogprob } from '../../../shared/contract'
import type { TextCompletion, TextLogprobs } from '../../../shared/openai'
import { encodeData, type AnswerHead, type Dialect } from './dialect'

export interface TextOptions {
  /** Stands before the answer when the client wants to see it again. */
  echo: string | null
  /** Alternatives of each token; null when no probabilities were asked for. */
  top: number | null
}

/** `POST /v1/completions` (reference: OpenAI's legacy completions). A model of one answer each: it counts the text of each choice. */
export function createTextDialect({ echo, top }: TextOptions): Dialect {
  const lengths = new Map<number, number>()
  const chunk = (head: AnswerHead, index: number, text: string, more: Partial<TextCompletion['choices'][number]> = {}): string =>
    encodeData({ ...frame(head), choices: [{ index, text, logprobs: null, finish_reason: null, ...more }] })
  return {
    encodeStart: (head, index) => (echo === null ? '' : chunk(head, index, echo)),
    encodeEvent: (head, index, event) => {
      if (event.type === 'finish') return chunk(head, index, '', { finish_reason: event.reason })
      if (event.type !== 'text') return ''
      const offset = lengths.get(index) ?? 0
      lengths.set(index, offset + event.text.length)
      const logprobs = event.logprobs === undefined ? null : toTextLogprobs(event.logprobs, offset, top)
      return chunk(head, index, event.text, { logprobs })
    },
    encodeUsage: (head, usage) => encodeData({ ...frame(head), choices: [], usage }),
    toWhole: (head, choices, usage): TextCompletion => ({
      ...frame(head),
      choices: choices.map(({ events, finish }, index) => {
        const said = events.flatMap((event) => (event.type === 'text' ? [event] : []))
        const tokens = said.flatMap(({ logprobs = [] }) => logprobs)
        const text = (echo ?? '') + said.map((event) => event.text).join('')
        return { index, text, logprobs: top === null ? null : toTextLogprobs(tokens, 0, top), finish_reason: finish.reason }
      }),
      usage,
    }),
  }
}

function toTextLogprobs(tokens: readonly TokenLogprob[], start: number, top: number | null): TextLogprobs {
  let offset = start
  const offsets = tokens.map(({ token }) => {
    const own = offset
    offset += token.length
    return own
  })
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs:
      (top ?? 0) === 0
        ? null
        : tokens.map(({ top_logprobs: best }) => Object.fromEntries(best.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  }
}

function frame({ id, created, model }: AnswerHead): Omit<TextCompletion, 'choices' | 'usage'> {
  return { id, object: 'text_completion', created, model }
}
