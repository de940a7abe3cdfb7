import type { GenerationEvent, Usage } from '../../../shared/contract'
import type { ChatCompletion, ChatCompletionChunk, ChatDelta, WireError, WireUsage } from '../../../shared/openai'

/** What all chunks of one answer have in common. */
export interface AnswerHead {
  id: string
  /** Unix seconds. */
  created: number
  model: string
}

type Finish = Extract<GenerationEvent, { type: 'finish' }>

/** The whole answer of a request that did not ask for a stream. */
export function toCompletion(head: AnswerHead, content: string, reasoning: string, finish: Finish): ChatCompletion {
  const thought = reasoning === '' ? {} : { reasoning_content: reasoning, reasoning }
  return {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices: [{ index: 0, message: { role: 'assistant', content, ...thought }, logprobs: null, finish_reason: finish.reason }],
    usage: toWireUsage(finish.usage),
  }
}

export function toWireUsage(usage: Usage): WireUsage {
  return {
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    total_tokens: usage.total_tokens,
    prompt_tokens_details: { cached_tokens: usage.cached_tokens ?? 0 },
  }
}

/** The first chunk: the role and empty content, as OpenAI begins. */
export function encodeRole(head: AnswerHead): string {
  return encodeDelta(head, { role: 'assistant', content: '' })
}

/** The chunks that one event of an answer becomes; none for a state. The last event brings the finish, the usage if asked for, `[DONE]`. */
export function encodeEvent(head: AnswerHead, event: GenerationEvent, includeUsage: boolean): string {
  switch (event.type) {
    case 'state':
      return ''
    case 'text':
      return encodeDelta(head, { content: event.text })
    case 'reasoning':
      return encodeDelta(head, { reasoning_content: event.text, reasoning: event.text })
    case 'finish': {
      const finish = encodeChunk(head, [{ index: 0, delta: {}, finish_reason: event.reason }])
      const usage = includeUsage ? encodeChunk(head, [], toWireUsage(event.usage)) : ''
      return `${finish}${usage}data: [DONE]\n\n`
    }
  }
}

/** A failure in the middle: clients raise it. No `[DONE]` follows, the answer is not whole. */
export function encodeError(error: WireError): string {
  return `data: ${JSON.stringify(error)}\n\n`
}

/** A comment: clients skip it, proxies and time limits see bytes. */
export const heartbeat = ': keepalive\n\n'

function encodeDelta(head: AnswerHead, delta: ChatDelta): string {
  return encodeChunk(head, [{ index: 0, delta, finish_reason: null }])
}

function encodeChunk(head: AnswerHead, choices: ChatCompletionChunk['choices'], usage?: WireUsage): string {
  const chunk: ChatCompletionChunk = {
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    choices,
    ...(usage === undefined ? {} : { usage }),
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}
