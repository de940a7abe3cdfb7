import type { Finding, LoadedModel, MemoryFit, ModelSummary } from '../../../shared/contract'
import { toVisible } from '../../../shared/text/visible'

export type HealthState = 'healthy' | 'cannot_run' | 'repair' | 'unhealthy'
export type GroupName = 'loaded' | 'problems' | 'ready' | 'cannot_run'
export type Filter = 'all' | 'can_run' | 'problems'
export type SortKey = 'name' | 'size' | 'context' | 'fit' | 'used'

export interface Sort {
  key: SortKey
  descending: boolean
}

export interface Group {
  name: GroupName
  models: ModelSummary[]
}

export interface ModelQuery {
  filter: Filter
  search: string
  sort: Sort
}

/** One model of one root: the same name may be in two roots. */
export function modelKey(model: ModelSummary): string {
  return `${model.root.path}|${model.name}`
}

/** The four shapes of the design: `repair` runs here but other tools may miss it, `cannot_run` is whole but not for this engine. */
export function healthState(model: ModelSummary): HealthState {
  if (model.health === 'unhealthy') return 'unhealthy'
  if (!model.runtime_compatible) return 'cannot_run'
  return model.findings.length > 0 ? 'repair' : 'healthy'
}

/** The first sentence that says why a model is not plainly healthy, else null. */
export function healthReason(model: ModelSummary, say: (finding: Finding) => string): string | null {
  const state = healthState(model)
  if (state === 'healthy') return null
  const [first] = model.findings
  return first === undefined ? model.reason : say(first)
}

const SHARD = /^\S*-0*(\d+)-of-0*(\d+)\.\w+ (.*)$/

/** The reason for a narrow column: a shard by its number instead of its long file name, no full stop. */
export function shortReason(
  model: ModelSummary,
  words: { finding: (finding: Finding) => string; shard: (number: string, of: string, rest: string) => string },
): string | null {
  const reason = healthReason(model, words.finding)?.replace(/\.$/, '') ?? null
  const [, number, of, rest] = SHARD.exec(reason ?? '') ?? []
  return number === undefined || of === undefined || rest === undefined ? reason : words.shard(number, of, rest)
}

const CHAT_CAPABILITIES = new Set(['text-generation', 'chat'])

/** True when Chat can offer the model. A list without capabilities says nothing against it. */
export function canChat(model: ModelSummary): boolean {
  const state = healthState(model)
  if (state === 'unhealthy' || state === 'cannot_run') return false
  return model.capabilities.length === 0 || model.capabilities.some((name) => CHAT_CAPABILITIES.has(name))
}

/** True when something is wrong that a repair may mend. */
export function canRepair(model: ModelSummary): boolean {
  return model.cached && model.findings.some(({ repairable }) => repairable)
}

/** Workspaces and folders of other programs are only read. */
export function canRemove(model: ModelSummary): boolean {
  return model.cached && (model.root.kind === 'primary' || model.root.kind === 'demo')
}

const LIVE = new Set(['spawning', 'loading', 'warming', 'ready', 'draining'])

/** The engine's process for a model, when it has one that lives. */
export function findLoaded(loaded: readonly LoadedModel[], name: string): LoadedModel | null {
  return loaded.find((entry) => entry.name === name && LIVE.has(entry.state)) ?? null
}

export function groupOf(model: ModelSummary, loaded: readonly LoadedModel[]): GroupName {
  if (findLoaded(loaded, model.name) !== null) return 'loaded'
  const state = healthState(model)
  if (state === 'unhealthy' || state === 'repair') return 'problems'
  return state === 'cannot_run' ? 'cannot_run' : 'ready'
}

/** Owner and name apart, as they are shown: hidden characters by their numbers, and not the owner that nearly all models share. */
export function splitOwner(name: string): { owner: string | null; short: string } {
  const slash = name.indexOf('/')
  if (slash < 0) return { owner: null, short: toVisible(name) }
  const owner = name.slice(0, slash)
  return { owner: owner === 'mlx-community' ? null : toVisible(owner), short: toVisible(name.slice(slash + 1)) }
}

/** Cuts a name at a late hyphen, so that a narrow column loses the middle and keeps the end, as in `Qwen3-30B… -2507-4bit`. */
export function splitTail(name: string): { head: string; tail: string } {
  const LONGEST_TAIL = 12
  const parts = name.split('-')
  let tail = ''
  for (let part = parts.pop(); part !== undefined && parts.length > 0; part = parts.pop()) {
    const longer = `-${part}${tail}`
    if (longer.length > LONGEST_TAIL) break
    tail = longer
  }
  return { head: name.slice(0, name.length - tail.length), tail }
}

/** `4-bit`, the dtype when not quantized, or null when neither is known. `mode` is shown when it is not the usual affine one. */
export function quantName(model: ModelSummary): string | null {
  const { quantization, dtype } = model
  if (quantization === null) return dtype === null ? null : shortDtype(dtype)
  const { bits, mode } = quantization
  return mode === null || mode === 'affine' ? `${bits}-bit` : mode.toUpperCase()
}

function shortDtype(dtype: string): string {
  return dtype.replace(/^bfloat/, 'bf').replace(/^float/, 'f')
}

export function matchesSearch(model: ModelSummary, search: string): boolean {
  const name = model.name.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word))
}

function matchesFilter(model: ModelSummary, filter: Filter): boolean {
  if (filter === 'all') return true
  const state = healthState(model)
  if (filter === 'problems') return state === 'unhealthy' || state === 'repair'
  return state === 'healthy' || state === 'repair'
}

export function countFilter(models: readonly ModelSummary[], filter: Filter): number {
  return models.filter((model) => matchesFilter(model, filter)).length
}

/** The model that was selected, as long as the filter and the search show it. */
export function findSelected(
  models: readonly ModelSummary[],
  selected: string | null,
  { filter, search }: Pick<ModelQuery, 'filter' | 'search'>,
): ModelSummary | null {
  const model = models.find((entry) => modelKey(entry) === selected)
  return model !== undefined && matchesFilter(model, filter) && matchesSearch(model, search) ? model : null
}

/** What is selected: one whose details are shown, and others beside it. */
export interface Selection {
  selected: string | null
  also: readonly string[]
}

/** Models that are selected and that the filter shows, in the order of the list. */
export function findAllSelected(
  models: readonly ModelSummary[],
  { selected, also }: Selection,
  query: Pick<ModelQuery, 'filter' | 'search'>,
): ModelSummary[] {
  const keys = new Set([...also, ...(selected === null ? [] : [selected])])
  return models.filter(
    (model) => keys.has(modelKey(model)) && matchesFilter(model, query.filter) && matchesSearch(model, query.search),
  )
}

/** ⌘-click (Ctrl elsewhere): one more, or one less. */
export function toggleSelection({ selected, also }: Selection, key: string): Selection {
  if (selected === null) return { selected: key, also: [] }
  if (key !== selected)
    return also.includes(key)
      ? { selected, also: also.filter((entry) => entry !== key) }
      : { selected: key, also: [...also, selected] }
  const last = also.at(-1)
  return last === undefined ? { selected, also } : { selected: last, also: also.slice(0, -1) }
}

/** Shift-click and Shift with an arrow: all from the anchor to the key. */
export function rangeSelection(keys: readonly string[], anchor: string | null, key: string): Selection {
  const [from, to] = [keys.indexOf(anchor ?? key), keys.indexOf(key)]
  if (from < 0 || to < 0) return { selected: key, also: [] }
  const range = keys.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { selected: key, also: range.filter((entry) => entry !== key) }
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
const shortName = (model: ModelSummary): string => splitOwner(model.name).short

/** What is known of models beside the list. */
export interface Known {
  fits: Readonly<Record<string, Pick<MemoryFit, 'needed_bytes'>>>
  used: Readonly<Record<string, string>>
}

/** What a column is sorted by; null: nothing is known, which comes last in either direction. */
function sortValue(model: ModelSummary, key: Exclude<SortKey, 'name'>, { fits, used }: Known): number | null {
  if (key === 'size') return model.size_bytes
  if (key === 'context') return model.context.source === 'unknown' ? null : model.context.tokens
  if (key === 'fit') return fits[modelKey(model)]?.needed_bytes ?? null
  const usedAt = used[model.name]
  return usedAt === undefined ? null : Date.parse(usedAt)
}

function sortModels(models: ModelSummary[], { key, descending }: Sort, known: Known): ModelSummary[] {
  const sign = descending ? -1 : 1
  const names = (a: ModelSummary, b: ModelSummary): number => byName.compare(shortName(a), shortName(b))
  if (key === 'name') return models.sort((a, b) => sign * names(a, b))
  return models.sort((a, b) => {
    const [one, other] = [sortValue(a, key, known), sortValue(b, key, known)]
    if (one === null || other === null) return Number(one === null) - Number(other === null) || names(a, b)
    return sign * (one - other) || names(a, b)
  })
}

/** Sizes and dates are first wanted largest and newest, names from A. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  return sort.key === key ? { key, descending: !sort.descending } : { key, descending: key !== 'name' }
}

const GROUPS: readonly GroupName[] = ['loaded', 'problems', 'ready', 'cannot_run']

/** What the table shows: filtered, sorted, in the design's groups; empty groups are left out. */
export function groupModels(
  models: readonly ModelSummary[],
  loaded: readonly LoadedModel[],
  { filter, search, sort }: ModelQuery,
  known: Known = { fits: {}, used: {} },
): Group[] {
  const found = models.filter((model) => matchesFilter(model, filter) && matchesSearch(model, search))
  const groups = new Map<GroupName, ModelSummary[]>(GROUPS.map((name) => [name, []]))
  for (const model of sortModels(found, sort, known)) groups.get(groupOf(model, loaded))?.push(model)
  return GROUPS.flatMap((name) => {
    const inGroup = groups.get(name) ?? []
    return inGroup.length === 0 ? [] : [{ name, models: inGroup }]
  })
}

/** A line of the table: the head of a group, or a model. */
export type TableItem =
  | { kind: 'group'; key: GroupName; count: number; folded: boolean }
  | { kind: 'model'; key: string; model: ModelSummary }

/** All lines in the order shown; models of folded groups are left out. */
export function toItems(groups: readonly Group[], folded: readonly GroupName[]): TableItem[] {
  return groups.flatMap<TableItem>(({ name, models }) => {
    const isFolded = folded.includes(name)
    const head: TableItem = { kind: 'group', key: name, count: models.length, folded: isFolded }
    return isFolded ? [head] : [head, ...models.map<TableItem>((model) => ({ kind: 'model', key: modelKey(model), model }))]
  })
}

export type Capability = 'reasoning' | 'tools' | 'vision'

/** Capabilities that have an icon. */
export function shownCapabilities(model: ModelSummary): Capability[] {
  return (['reasoning', 'tools', 'vision'] as const).filter((name) => model.capabilities.includes(name))
}

/** The row to go to for a key, in the order shown; null when the key moves nowhere. */
export function moveSelection(keys: readonly string[], current: string | null, key: string, pageRows: number): string | null {
  const at = current === null ? -1 : keys.indexOf(current)
  const last = keys.length - 1
  if (last < 0) return null
  const to: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? last : at - 1,
    Home: 0,
    End: last,
    PageDown: at + pageRows,
    PageUp: at - pageRows,
  }
  const target = to[key]
  return target === undefined ? null : (keys[Math.min(last, Math.max(0, target))] ?? null)
}

/** Type to find: the first model, from the current one on, whose short name starts with what was typed. */
export function findByPrefix(models: readonly ModelSummary[], current: string | null, typed: string): string | null {
  const wanted = typed.toLowerCase()
  const at = models.findIndex((model) => modelKey(model) === current)
  // One letter again goes to the next match, a longer word may stay where it is.
  const start = at < 0 ? 0 : typed.length > 1 ? at : at + 1
  const ordered = [...models.slice(start), ...models.slice(0, start)]
  const found = ordered.find((model) => shortName(model).toLowerCase().startsWith(wanted))
  return found === undefined ? null : modelKey(found)
}
