import { describe, expect, it } from 'vitest'
import type { ModelUsage, PrunePlan, StorageUsage } from '../../../shared/contract'
import { aModel } from '../../testing/fixtures'
import { neighbour, squarify, takenBy, toBar, toCanGo, toTiles, undecided } from './model'

const GB = 1e9
const NOW = Date.parse('2026-11-20T12:00:00Z')
const kinds = { weights: 0, other: 0, partials: 0, orphans: 0 }

function aUsage(name: string, size: number, more: Partial<ModelUsage> = {}): ModelUsage {
  return {
    name,
    root: '/hub',
    size_bytes: size * GB,
    disk_bytes: size * GB,
    shared_bytes: 0,
    removable_bytes: size * GB,
    reclaimable_bytes: 0,
    kinds,
    revisions: [],
    problem: null,
    ...more,
  }
}

function usageOf(models: ModelUsage[], more: Partial<StorageUsage['roots'][number]> = {}, reclaimable = 0): StorageUsage {
  const size = models.reduce((sum, model) => sum + model.size_bytes, 0)
  return {
    models,
    roots: [
      {
        root: { path: '/hub', kind: 'primary', rule: 'default', state: 'ok', reason: null },
        size_bytes: size,
        disk_bytes: size,
        free_bytes: null,
        volume_bytes: null,
        ...more,
      },
    ],
    total: { size_bytes: size, disk_bytes: size, shared_bytes: 0, reclaimable_bytes: reclaimable, kinds },
  }
}

const room = { x: 0, y: 0, width: 400, height: 300 }
const never = () => null

describe('the map of what takes space', () => {
  it('fills its room without gaps or overlaps, each area as large as its share', () => {
    const areas = [50, 26, 17, 17, 16, 13, 8, 4, 1]
    const tiles = squarify(areas, room)
    const sum = areas.reduce((a, b) => a + b)
    tiles.forEach(({ x, y, width, height }, index) => {
      expect(width * height).toBeCloseTo((120_000 * areas[index]!) / sum, 3)
      expect(x + width).toBeLessThanOrEqual(400.001)
      expect(y + height).toBeLessThanOrEqual(300.001)
    })
    for (const [index, a] of tiles.entries())
      for (const b of tiles.slice(index + 1)) {
        const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
        const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
        expect(Math.min(across, down)).toBeLessThan(0.001)
      }
    expect(squarify([], room)).toEqual([])
    expect(squarify([1], { ...room, width: 0 })).toEqual([])
  })

  it('has one tile for all that is too small to be pointed at, and one for what belongs to no model', () => {
    const small = Array.from({ length: 30 }, (_, index) => aUsage(`org/small-${index}`, 0.1))
    const usage = usageOf([aUsage('org/large', 100, { reclaimable_bytes: 25 * GB, shared_bytes: 10 * GB }), ...small], {}, 27 * GB)
    const tiles = toTiles(takenBy(usage, [], never, NOW), usage, room)
    expect(tiles.map(({ kind, models }) => [kind, models.length])).toEqual([
      ['model', 1],
      ['more', 30],
      ['leftovers', 0],
    ])
    expect(tiles[0]).toMatchObject({ canGo: 0.25, shared: 0.1, key: '/hub|org/large' })
    expect(tiles[2]?.bytes).toBe(2 * GB)
  })

  it('stays quick and small with 500 models', () => {
    const usage = usageOf(Array.from({ length: 500 }, (_, index) => aUsage(`org/m-${index}`, 500 - index)))
    const tiles = toTiles(takenBy(usage, [], never, NOW), usage, room)
    expect(tiles.length).toBeLessThanOrEqual(41)
    expect(tiles.reduce((sum, { models }) => sum + models.length, 0)).toBe(500)
  })

  it('is walked by arrows: to the nearest tile in that direction, and nowhere at the edge', () => {
    const tiles = [
      { x: 0, y: 0, width: 50, height: 100 },
      { x: 50, y: 0, width: 50, height: 50 },
      { x: 50, y: 50, width: 50, height: 50 },
    ]
    expect(neighbour(tiles, 0, 'ArrowLeft')).toBeNull()
    expect(neighbour(tiles, 0, 'ArrowUp')).toBeNull()
    expect([1, 2]).toContain(neighbour(tiles, 0, 'ArrowRight'))
    expect(neighbour(tiles, 1, 'ArrowDown')).toBe(2)
    expect(neighbour(tiles, 2, 'ArrowLeft')).toBe(0)
    expect([neighbour(tiles, 2, 'Home'), neighbour(tiles, 0, 'End'), neighbour(tiles, 0, 'a')]).toEqual([0, 2, null])
  })
})

describe('what the figures say', () => {
  it('the bar is the disk where the system tells its size, with what else is on it', () => {
    const bar = toBar(usageOf([aUsage('org/a', 30)], { free_bytes: 50 * GB, volume_bytes: 100 * GB }, 10 * GB))
    expect(bar.parts.map(({ name, bytes, share }) => [name, bytes / GB, share])).toEqual([
      ['models', 20, 0.2],
      ['canGo', 10, 0.1],
      ['other', 20, 0.2],
    ])
  })

  it('and the cache alone where it does not', () => {
    expect(toBar(usageOf([aUsage('org/a', 30)])).parts).toEqual([{ name: 'models', bytes: 30 * GB, share: 1 }])
  })

  it('asks for a decision only about good models that were neither used here nor changed for 60 days', () => {
    const names = ['org/old', 'org/used', 'org/new', 'org/sick', 'org/unknown']
    const usage = usageOf(names.map((name) => aUsage(name, 1)))
    const long = '2026-01-01T00:00:00Z'
    const models = [
      aModel('org/old', { last_modified: long }),
      aModel('org/used', { last_modified: long }),
      aModel('org/new', { last_modified: '2026-11-19T00:00:00Z' }),
      aModel('org/sick', { last_modified: long, health: 'unhealthy' }),
    ]
    const used = (name: string) => (name === 'org/used' ? '2026-11-18T00:00:00Z' : null)
    expect(undecided(takenBy(usage, models, used, NOW)).map(({ usage: { name } }) => name)).toEqual(['org/old'])
  })

  it('names each model of a kind once', () => {
    const item = (name: string | null, path: string): PrunePlan['items'][number] => ({
      category: 'orphan_blob',
      name,
      root: '/hub',
      path,
      bytes_freed: 1,
      disk_bytes_freed: 1,
      reason: 'r',
    })
    const plan: PrunePlan = {
      id: 'p',
      items: [item('org/a', '1'), item('org/a', '2'), item(null, '3')],
      summary: [{ category: 'orphan_blob', count: 3, bytes_freed: 3 }],
      bytes_freed: 3,
      disk_bytes_freed: 3,
      left_out: [],
    }
    expect(toCanGo(plan)).toEqual([{ category: 'orphan_blob', count: 3, bytes: 3, names: ['org/a'] }])
  })
})
