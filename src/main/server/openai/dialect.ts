import type { GenerationEvent, Usage } from '../../../shared/contract'
import type { WireError, WireUsage } from '../../../shared/openai'

/** What all chunks of one answer have in common. */
export interface AnswerHead {
  id: string
  /** Unix seconds. */
  created: number
  model: string
}

export type Finish = Extract<GenerationEvent, { type: 'finish' }>

/** What one choice has said when it is whole. */
export interface SaidChoice {
  events: Exclude<GenerationEvent, { type: 'state' | 'finish' }>[]
  finish: Finish
}

/** One of the forms that an answer can be sent in. Encoders give whole server-sent events. */
export interface Dialect {
  /** What a stream begins with, before the first word of a choice. */
  encodeStart: (head: AnswerHead, index: number) => string
  encodeEvent: (head: AnswerHead, index: number, event: GenerationEvent) => string
  /** The chunk after all others, without choices. */
  encodeUsage: (head: AnswerHead, usage: WireUsage) => string
  /** The answer to a request that did not ask for a stream. */
  toWhole: (head: AnswerHead, choices: readonly SaidChoice[], usage: WireUsage) => object
}

/** Of all choices together: they share their prompt. */
export function sumUsage(usages: readonly Usage[]): WireUsage {
  const prompt = Math.max(0, ...usages.map(({ prompt_tokens: tokens }) => tokens))
  const completion = usages.reduce((sum, { completion_tokens: tokens }) => sum + tokens, 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usages[0]?.cached_tokens ?? 0 },
  }
}

export function encodeData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

export const encodedEnd = 'data: [DONE]\n\n'

/** A failure in the middle: clients raise it. No `[DONE]` follows, the answer is not whole. */
export function encodeError(error: WireError): string {
  return encodeData(error)
}

/** A comment: clients skip it, proxies and time limits see bytes. */
export const heartbeat = ': keepalive\n\n'
