import type { SamplingParams } from '../../../shared/contract'
import { version } from '../../../shared/version'
import type { Answer } from '../output/answer'
import type { CliMessage } from '../services/generator'

/** One turn of the talk as it is kept. An answer that was cut short keeps what had come of it. */
export interface Turn extends CliMessage {
  state: 'complete' | 'interrupted'
  reasoning: string | null
}

export interface Figures {
  answers: number
  promptTokens: number
  answerTokens: number
  /** Of the last answer; null before it. */
  last: { tokensPerSecond: number | null; firstTokenMs: number | null; totalTokens: number } | null
}

/** A conversation on the terminal: what was said, with whom and how. Nothing of it touches the disk but by `/save`. */
export interface Conversation {
  model: string
  system: string | null
  params: SamplingParams
  turns: Turn[]
  figures: Figures
}

export function startConversation(model: string, system: string | undefined, params: SamplingParams): Conversation {
  return {
    model,
    system: system ?? null,
    params,
    turns: [],
    figures: { answers: 0, promptTokens: 0, answerTokens: 0, last: null },
  }
}

/** What the model is sent. */
export function toMessages({ system, turns }: Conversation): CliMessage[] {
  const said = turns.map(({ role, content }) => ({ role, content }))
  return system === null ? said : [{ role: 'system', content: system }, ...said]
}

export function addAnswer({ turns, figures }: Conversation, { text, reasoning, finish }: Answer): void {
  turns.push({ role: 'assistant', content: text, state: 'complete', reasoning: reasoning === '' ? null : reasoning })
  figures.answers += 1
  figures.promptTokens += finish.usage.prompt_tokens
  figures.answerTokens += finish.usage.completion_tokens
  const { tokens_per_second: tokensPerSecond, first_token_ms: firstTokenMs } = finish.timing
  figures.last = { tokensPerSecond, firstTokenMs, totalTokens: finish.usage.total_tokens }
}

/** What is left of a question whose answer did not come to its end: the part that came, or nothing of either. */
export function addFragment({ turns }: Conversation, text: string): void {
  if (text === '') turns.pop()
  else turns.push({ role: 'assistant', content: text, state: 'interrupted', reasoning: null })
}

/** Takes the last answer back, and its question too, which is returned; null when there is none. */
export function takeLastQuestion({ turns }: Conversation): string | null {
  if (turns.at(-1)?.role === 'assistant') turns.pop()
  return turns.at(-1)?.role === 'user' ? (turns.pop()?.content ?? null) : null
}

/** The talk for a file: JSON where the name ends so, else Markdown. */
export function renderConversation(conversation: Conversation, file: string, savedAt: Date): string {
  const { model, system, params, turns } = conversation
  if (/\.json$/i.test(file)) {
    const document = {
      format: 'mlx-knife-chat',
      version: 1,
      program: version,
      saved_at: savedAt.toISOString(),
      model,
      system,
      params,
    }
    return `${JSON.stringify({ ...document, messages: turns }, null, 2)}\n`
  }
  const parts = [`# Chat with ${model}`, `${savedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`]
  if (system !== null) parts.push(`**System:** ${system}`)
  for (const { role, content, state } of turns) {
    parts.push(role === 'user' ? '## You' : `## ${model}`, state === 'interrupted' ? `${content}\n\n*(interrupted)*` : content)
  }
  return `${parts.join('\n\n')}\n`
}
