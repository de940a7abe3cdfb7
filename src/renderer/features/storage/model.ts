import type { ModelSummary, ModelUsage, PruneCategory, PrunePlan, StorageUsage } from '../../../shared/contract'

const DAY_MS = 86_400_000
/** What was not used here for so long is proposed for a decision. */
export const OLD_MS = 60 * DAY_MS
/** Smaller tiles cannot be pointed at: what they stand for is one tile together. */
const SMALLEST_SHARE = 0.012
const MOST_TILES = 40

/** One model of one root, as `modelKey` names it. */
export const usageKey = ({ root, name }: Pick<ModelUsage, 'root' | 'name'>): string => `${root}|${name}`

/** A model that takes space, with what the list of models says of it. */
export interface Taken {
  key: string
  usage: ModelUsage
  /** Null for what the list does not have. */
  summary: ModelSummary | null
  /** When it was last used here, ISO; null when never. */
  usedAt: string | null
  /** Not used, downloaded or changed for a long time. */
  old: boolean
}

/** The models that take space, the largest first. */
export function takenBy(
  usage: StorageUsage,
  models: readonly ModelSummary[],
  usedAt: (name: string) => string | null,
  nowMs: number,
): Taken[] {
  const byKey = new Map(models.map((model) => [`${model.root.path}|${model.name}`, model]))
  return usage.models.map((entry) => {
    const key = usageKey(entry)
    const summary = byKey.get(key) ?? null
    const used = usedAt(entry.name)
    const newest = Math.max(Date.parse(used ?? '') || 0, Date.parse(summary?.last_modified ?? '') || 0)
    return { key, usage: entry, summary, usedAt: used, old: newest > 0 && nowMs - newest > OLD_MS }
  })
}

/** Good models that nobody used here for long, the largest first. */
export function undecided(taken: readonly Taken[]): Taken[] {
  return taken.filter(({ old, summary, usage }) => old && summary?.health === 'healthy' && usage.removable_bytes > 0)
}

export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

export interface Tile extends Rect {
  /** A model's key, or null for models that are too small to be shown alone and for what belongs to none. */
  key: string | null
  kind: 'model' | 'more' | 'leftovers'
  bytes: number
  /** Parts of the tile, 0…1. */
  canGo: number
  shared: number
  /** Models that the tile stands for. */
  models: readonly Taken[]
}

/** Rectangles of the given areas (largest first), as square as it gets, which fill `room` (Bruls, Huizing, van Wijk: squarified treemaps). */
export function squarify(areas: readonly number[], room: Rect): Rect[] {
  const total = areas.reduce((sum, area) => sum + area, 0)
  if (total <= 0 || room.width <= 0 || room.height <= 0) return []
  const scale = (room.width * room.height) / total
  const done: Rect[] = []
  let left = { ...room }
  let row: number[] = []
  const worst = (of: readonly number[], side: number): number => {
    const sum = of.reduce((all, area) => all + area, 0)
    return Math.max(...of.map((area) => Math.max((side * side * area) / (sum * sum), (sum * sum) / (side * side * area))))
  }
  const place = (): void => {
    const sum = row.reduce((all, area) => all + area, 0)
    const wide = left.width >= left.height
    const depth = sum / (wide ? left.height : left.width)
    let offset = 0
    for (const area of row) {
      const length = area / depth
      done.push(
        wide
          ? { x: left.x, y: left.y + offset, width: depth, height: length }
          : { x: left.x + offset, y: left.y, width: length, height: depth },
      )
      offset += length
    }
    left = wide
      ? { ...left, x: left.x + depth, width: left.width - depth }
      : { ...left, y: left.y + depth, height: left.height - depth }
    row = []
  }
  for (const bytes of areas) {
    const area = bytes * scale
    const side = Math.min(left.width, left.height)
    if (row.length > 0 && worst([...row, area], side) > worst(row, side)) place()
    row.push(area)
  }
  if (row.length > 0) place()
  return done
}

/** The map: a tile for each model that is large enough, one for the small ones, one for what belongs to no model. */
export function toTiles(taken: readonly Taken[], usage: StorageUsage, room: Rect): Tile[] {
  const ofModels = taken.reduce((sum, { usage: entry }) => sum + entry.reclaimable_bytes, 0)
  const leftovers = Math.max(0, usage.total.reclaimable_bytes - ofModels)
  const total = taken.reduce((sum, { usage: entry }) => sum + entry.size_bytes, 0) + leftovers
  const shown = taken
    .filter(({ usage: entry }) => entry.size_bytes > 0 && entry.size_bytes / total >= SMALLEST_SHARE)
    .slice(0, MOST_TILES)
  const rest = taken.slice(shown.length).filter(({ usage: entry }) => entry.size_bytes > 0)
  const share = (part: number, of: number): number => (of === 0 ? 0 : Math.min(1, part / of))
  const sum = (of: readonly Taken[], pick: (entry: ModelUsage) => number): number =>
    of.reduce((all, { usage: entry }) => all + pick(entry), 0)
  const tileOf = (models: readonly Taken[], key: string | null, kind: Tile['kind']): Omit<Tile, keyof Rect> => {
    const bytes = sum(models, (entry) => entry.size_bytes)
    const canGo = share(
      sum(models, (entry) => entry.reclaimable_bytes),
      bytes,
    )
    const shared = share(
      sum(models, (entry) => entry.shared_bytes),
      bytes,
    )
    return { key, kind, bytes, canGo, shared: Math.min(shared, 1 - canGo), models }
  }
  const tiles = shown.map((model) => tileOf([model], model.key, 'model'))
  const only = rest[0]
  if (rest.length === 1 && only !== undefined) tiles.push(tileOf(rest, only.key, 'model'))
  else if (rest.length > 1) tiles.push(tileOf(rest, null, 'more'))
  if (leftovers > 0) tiles.push({ key: null, kind: 'leftovers', bytes: leftovers, canGo: 1, shared: 0, models: [] })
  tiles.sort((a, b) => b.bytes - a.bytes)
  const places = squarify(
    tiles.map(({ bytes }) => bytes),
    room,
  )
  return tiles.flatMap((tile, index) => {
    const place = places[index]
    return place === undefined ? [] : [{ ...tile, ...place }]
  })
}

const DIRECTIONS: Record<string, { along: 'x' | 'y'; sign: 1 | -1 }> = {
  ArrowRight: { along: 'x', sign: 1 },
  ArrowLeft: { along: 'x', sign: -1 },
  ArrowDown: { along: 'y', sign: 1 },
  ArrowUp: { along: 'y', sign: -1 },
}

const centre = ({ x, y, width, height }: Rect): { x: number; y: number } => ({ x: x + width / 2, y: y + height / 2 })

/** The tile that an arrow leads to: the nearest one in its direction; null when there is none or the key is no arrow. */
export function neighbour(tiles: readonly Rect[], at: number, key: string): number | null {
  const from = tiles[at]
  if (key === 'Home') return tiles.length > 0 ? 0 : null
  if (key === 'End') return tiles.length > 0 ? tiles.length - 1 : null
  const direction = DIRECTIONS[key]
  if (direction === undefined || from === undefined) return null
  const { along, sign } = direction
  const across = along === 'x' ? 'y' : 'x'
  const length = along === 'x' ? 'width' : 'height'
  const here = centre(from)
  let best: { index: number; cost: number } | null = null
  tiles.forEach((tile, index) => {
    const there = centre(tile)
    const step = (there[along] - here[along]) * sign
    const gap = sign === 1 ? tile[along] - (from[along] + from[length]) : from[along] - (tile[along] + tile[length])
    // Beyond its edge, not only its middle; rounding is no gap.
    if (index === at || gap < -0.5) return
    // What lies beside the path costs more than the way itself.
    const cost = step + 2 * Math.abs(there[across] - here[across])
    if (best === null || cost < best.cost) best = { index, cost }
  })
  return (best as { index: number } | null)?.index ?? null
}

export interface BarPart {
  name: 'models' | 'canGo' | 'other'
  bytes: number
  /** 0…1 of the whole bar. */
  share: number
}

/** What the bar over the map shows. Where the system says nothing of the volume, or there are several, the bar is the cache alone. */
export function toBar({ total, roots }: StorageUsage): { parts: BarPart[]; free: number | null; volume: number | null } {
  const canGo = Math.min(total.reclaimable_bytes, total.size_bytes)
  const models = total.size_bytes - canGo
  const there = roots.filter(({ size_bytes: size, root }) => size > 0 || root.kind === 'primary')
  const [only] = there
  const known = there.length === 1 && only !== undefined ? only : null
  const volume = known?.volume_bytes ?? null
  const free = known?.free_bytes ?? null
  const whole = volume === null || free === null ? total.size_bytes : volume
  const other = volume === null || free === null ? 0 : Math.max(0, volume - free - total.size_bytes)
  const part = (name: BarPart['name'], bytes: number): BarPart => ({ name, bytes, share: whole === 0 ? 0 : bytes / whole })
  const parts = [part('models', models), part('canGo', canGo), part('other', other)]
  return { parts: parts.filter(({ bytes }) => bytes > 0), free, volume }
}

/** What prune would remove of one kind. */
export interface CanGo {
  category: PruneCategory
  count: number
  bytes: number
  /** Models it belongs to, each once. */
  names: string[]
}

/** The plan by kind, as the plan orders them. */
export function toCanGo(plan: PrunePlan): CanGo[] {
  return plan.summary.map(({ category, count, bytes_freed: bytes }) => ({
    category,
    count,
    bytes,
    names: [...new Set(plan.items.flatMap((item) => (item.category === category && item.name !== null ? [item.name] : [])))],
  }))
}
