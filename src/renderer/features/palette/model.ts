import type { Appearance, ChatSummary, LoadedModel, ModelSummary, SearchHit } from '../../../shared/contract'
import type { Command } from '../../app/shortcuts'
import type { SettingsSection } from '../../app/view-store'
import { canChat, findLoaded, healthState, modelKey, splitOwner } from '../models/model'
import { match, type Marks, type Match } from './fuzzy'

/** What the palette can do. */
export type Act =
  | { kind: 'load' | 'unload' | 'chat' | 'show'; model: ModelSummary }
  | { kind: 'command'; command: Command }
  | { kind: 'settings'; section: SettingsSection }
  | { kind: 'theme'; theme: Appearance['theme'] }
  | { kind: 'conversation'; chat: ChatSummary; snippet: SearchHit['snippet'] }
  | { kind: 'hub'; query: string }
  | { kind: 'pull'; name: string }

export type Entry = Act & { key: string; label: string; marks: Marks }
export type GroupName = 'models' | 'commands' | 'conversations' | 'hub'

export interface Group {
  name: GroupName
  entries: readonly Entry[]
}

export interface PaletteInput {
  typed: string
  models: readonly ModelSummary[]
  loaded: readonly LoadedModel[]
  /** Newest first. */
  chats: readonly ChatSummary[]
  /** Found in the texts of conversations. */
  hits: readonly SearchHit[]
  commands: readonly { act: Act; key: string; label: string }[]
}

export interface PaletteWords {
  show: (name: string) => string
  load: (name: string) => string
  unload: (name: string) => string
  chat: (name: string) => string
  hub: (words: string) => string
  pull: (name: string) => string
}

/** As many as are seen without scrolling. */
export const MOST = 12
const MOST_MODELS = 6
const MOST_CHATS = 4
const RECENT_CHATS = 4
const REPO = /^[\w.-]{1,96}\/[\w.-]{1,96}$/
/** What was only said by an act, as in "load qwen", comes after what was named. */
const SAID = 5

type Ranked = Match & { entry: Entry }
const byCost = (a: Ranked, b: Ranked): number => a.cost - b.cost

function actsOf(model: ModelSummary, loaded: readonly LoadedModel[]): ('load' | 'unload' | 'chat' | 'show')[] {
  const state = healthState(model)
  if (state === 'unhealthy' || state === 'cannot_run') return ['show']
  return [findLoaded(loaded, model.name) === null ? 'load' : 'unload', ...(canChat(model) ? (['chat'] as const) : []), 'show']
}

function rankModels({ models, loaded }: PaletteInput, words: readonly string[], t: PaletteWords): Entry[] {
  const ranked = models.flatMap((model) => {
    const { short } = splitOwner(model.name)
    const named = match(short, words) ?? match(model.name, words)
    const entries = actsOf(model, loaded).flatMap((kind): Ranked[] => {
      const label = t[kind](short)
      const found = match(label, words)
      if (found === null && named === null) return []
      const cost = named?.cost ?? SAID + (found?.cost ?? 0)
      return [{ cost, marks: [], entry: { kind, model, key: `${kind} ${modelKey(model)}`, label, marks: found?.marks ?? [] } }]
    })
    return entries.length === 0 ? [] : [{ cost: Math.min(...entries.map(({ cost }) => cost)), entries }]
  })
  return ranked
    .sort((a, b) => a.cost - b.cost)
    .flatMap(({ entries }) => entries.map(({ entry }) => entry))
    .slice(0, MOST_MODELS)
}

function rankCommands({ commands }: PaletteInput, words: readonly string[]): Entry[] {
  return commands
    .flatMap(({ act, key, label }): Ranked[] => {
      const found = match(label, words)
      return found === null ? [] : [{ ...found, entry: { ...act, key, label, marks: found.marks } }]
    })
    .sort(byCost)
    .map(({ entry }) => entry)
}

const ofChat = (chat: ChatSummary, marks: Marks, snippet: SearchHit['snippet']): Entry => ({
  kind: 'conversation',
  chat,
  snippet,
  key: `chat ${chat.id}`,
  label: chat.title,
  marks,
})

function rankChats({ chats, hits }: PaletteInput, words: readonly string[]): Entry[] {
  const named = chats.flatMap((chat): Ranked[] => {
    const found = match(chat.title, words)
    return found === null ? [] : [{ ...found, entry: ofChat(chat, found.marks, null) }]
  })
  const known = new Set(named.map(({ entry }) => entry.key))
  const inside = hits.map(({ chat, snippet }) => ofChat(chat, [], snippet)).filter(({ key }) => !known.has(key))
  return [...named.sort(byCost).map(({ entry }) => entry), ...inside].slice(0, MOST_CHATS)
}

/** What matches, the best of each kind first, at most {@link MOST}. `>` at the begin: commands only. */
export function findEntries(input: PaletteInput, t: PaletteWords): Group[] {
  const onlyCommands = input.typed.startsWith('>')
  const plain = input.typed.replace(/^>/, '').trim()
  const words = plain.toLowerCase().split(/\s+/).filter(Boolean)
  const commands = rankCommands(input, words)
  const fit = (groups: Group[]): Group[] => groups.filter(({ entries }) => entries.length > 0)
  if (onlyCommands) return fit([{ name: 'commands', entries: commands.slice(0, MOST) }])
  if (words.length === 0) {
    const recent = input.chats.slice(0, RECENT_CHATS).map((chat) => ofChat(chat, [], null))
    return fit([
      { name: 'commands', entries: commands.slice(0, MOST - recent.length) },
      { name: 'conversations', entries: recent },
    ])
  }
  const models = rankModels(input, words, t)
  const chats = rankChats(input, words)
  const isHere = input.models.some(({ name }) => name.toLowerCase() === plain.toLowerCase())
  const hub: Entry[] = [
    ...(REPO.test(plain) && !isHere ? [{ kind: 'pull', name: plain, key: 'pull', label: t.pull(plain), marks: [] } as const] : []),
    { kind: 'hub', query: plain, key: 'hub', label: t.hub(plain), marks: [] },
  ]
  return fit([
    { name: 'models', entries: models },
    { name: 'commands', entries: commands.slice(0, Math.max(0, MOST - models.length - chats.length - hub.length)) },
    { name: 'conversations', entries: chats },
    { name: 'hub', entries: hub },
  ])
}
