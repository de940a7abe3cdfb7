import type { ChatEvent, ChatSummary, SamplingParams, ThreadMessage } from '../../../shared/contract'

/** What an answer waits for before its first word. */
export type Waiting = NonNullable<Extract<ChatEvent, { type: 'progress' }>['waiting']>

/** The answer that is being written, with what only matters while it is. */
export interface Draft {
  message: ThreadMessage
  waiting: Waiting | null
  thinking: boolean
}

export function toDraft(message: ThreadMessage): Draft {
  return { message, waiting: message.content === '' ? { state: 'sent', progress: null } : null, thinking: false }
}

/** What has come since the last event, added to the answer. */
export function addProgress({ message }: Draft, event: Extract<ChatEvent, { type: 'progress' }>): Draft {
  const { content, reasoning, reasoning_ms: reasoningMs, waiting, thinking } = event
  return {
    message: {
      ...message,
      content: message.content + content,
      reasoning: reasoning === '' ? message.reasoning : (message.reasoning ?? '') + reasoning,
      reasoning_ms: reasoningMs,
    },
    waiting,
    thinking,
  }
}

const isSame = (a: ThreadMessage, b: ThreadMessage): boolean =>
  a.id === b.id && a.state === b.state && a.content.length === b.content.length && a.version.count === b.version.count

/**
 * A newer page of the end of a thread over what is shown. Messages that are the same keep their identity, so that they are not rendered
 * anew, and older ones that were read before stay.
 */
export function mergeThread(
  shown: readonly ThreadMessage[],
  page: readonly ThreadMessage[],
): { messages: ThreadMessage[]; keptOlder: boolean } {
  const at = page[0] === undefined ? -1 : shown.findIndex(({ id }) => id === page[0]?.id)
  const known = new Map(shown.map((message) => [message.id, message]))
  const fresh = page.map((message) => {
    const old = known.get(message.id)
    return old !== undefined && isSame(old, message) ? old : message
  })
  return { messages: at > 0 ? [...shown.slice(0, at), ...fresh] : fresh, keptOlder: at > 0 }
}

/** Tokens the conversation fills now: what the last whole answer counted, or null before one. */
export function usedTokens(messages: readonly ThreadMessage[]): number | null {
  return messages.findLast((message) => message.usage !== null)?.usage?.total_tokens ?? null
}

const CHARACTERS_PER_TOKEN = 4

/** A guess for a text that no model has counted yet; languages without spaces need more. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN)

export type MeterTone = 'normal' | 'warn' | 'bad'

/** warn from 85 %, bad from 97 %. */
export function meterTone(used: number, total: number): MeterTone {
  const fraction = used / total
  if (fraction >= 0.97) return 'bad'
  return fraction >= 0.85 ? 'warn' : 'normal'
}

export type PresetName = 'default' | 'precise' | 'balanced' | 'creative'

/** Ways of answering; `default` leaves everything to the model. */
export const presets: Record<PresetName, SamplingParams> = {
  default: {},
  precise: { temperature: 0.2, top_p: 0.9 },
  balanced: { temperature: 0.7, top_p: 0.95 },
  creative: { temperature: 1.1, top_p: 1 },
}

/** The preset that parameters are, whatever their token limit; null when somebody chose their own. */
export function presetOf(params: SamplingParams): PresetName | null {
  const names = Object.keys(presets) as PresetName[]
  return names.find((name) => presets[name].temperature === params.temperature && presets[name].top_p === params.top_p) ?? null
}

export type Period = 'pinned' | 'today' | 'yesterday' | 'earlier'

const startOfDay = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0)

/** Conversations under the heads of their list, in their order. */
export function groupChats(chats: readonly ChatSummary[], nowMs: number): { period: Period; chats: ChatSummary[] }[] {
  const today = startOfDay(nowMs)
  // Not 24 hours before: days with a change of the clock are longer or shorter.
  const yesterday = startOfDay(today - 12 * 3_600_000)
  const periodOf = ({ pinned, updated_at: updated }: ChatSummary): Period => {
    if (pinned) return 'pinned'
    const at = Date.parse(updated)
    if (at >= today) return 'today'
    return at >= yesterday ? 'yesterday' : 'earlier'
  }
  const groups = (['pinned', 'today', 'yesterday', 'earlier'] as const).map((period) => ({
    period,
    chats: chats.filter((chat) => periodOf(chat) === period),
  }))
  return groups.filter((group) => group.chats.length > 0)
}
