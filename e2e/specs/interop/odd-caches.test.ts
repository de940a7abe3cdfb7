import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelList } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { healthyModel } from '../../fixtures/cache'
import { oddCaches, writeForeignName } from '../../fixtures/odd-caches'
import { needsEngine } from '../../setup/needs'
import { createCacheHome, listOurs, scanWithPython, type CacheHome } from './support'

const nameOf = (title: string): string => `odd/${title.replaceAll(/\W+/g, ' ').trim().replaceAll(' ', '-')}`
const neighbour = 'mlx-community/Healthy-4bit'

let home: CacheHome
let ours: ModelList

beforeAll(async () => {
  home = createCacheHome()
  healthyModel(home.hub, neighbour)
  for (const { title, write } of oddCaches) write(home.hub, nameOf(title))
  ours = await listOurs(home)
})
afterAll(() => home.remove())

describe('a cache of odd repos beside a healthy one', () => {
  it('is listed in full', () => {
    expect(ours.models.map(({ name }) => name).sort()).toEqual([neighbour, ...oddCaches.map(({ title }) => nameOf(title))].sort())
    expect(ours.models.find(({ name }) => name === neighbour)).toMatchObject({
      health: 'healthy',
      reason: 'Not checked: the engine is not installed.',
    })
  })

  it.each(oddCaches)('lists $title as $health, with the reason', ({ title, health, reason }) => {
    const model = ours.models.find(({ name }) => name === nameOf(title))
    expect(model).toMatchObject({ health, reason: expect.stringMatching(reason) as string })
    expect(model?.findings.length).toBeGreaterThan(0)
  })

  it('is told in the same words by health', async () => {
    const { code, stdout } = await mlxk(['health', '--json=full'], { env: home.env })
    expect(code).toBe(0)
    const { data } = JSON.parse(stdout) as { data: { healthy: { name: string }[]; unhealthy: { name: string; reason: string }[] } }
    const said = (models: { name: string; reason: string | null }[]): string[] =>
      models.map(({ name, reason }) => `${name}: ${reason}`).sort()
    expect(said(data.unhealthy)).toEqual(said(ours.models.filter(({ health }) => health === 'unhealthy')))
  })

  it.runIf(process.platform === 'linux')('does not stumble over a folder whose name is not UTF-8', async () => {
    const other = createCacheHome()
    try {
      healthyModel(other.hub, neighbour)
      writeForeignName(other.hub)
      const { models } = await listOurs(other)
      expect(models).toHaveLength(2)
      expect(models).toContainEqual(expect.objectContaining({ name: neighbour, health: 'healthy' }))
      expect(models).toContainEqual(expect.objectContaining({ health: 'unhealthy', reason: expect.stringMatching(/./) as string }))
    } finally {
      other.remove()
    }
  })

  it.runIf(needsEngine())('loses models in Python’s scan, which is why there is a scan of our own', async () => {
    const { repos } = await scanWithPython(home.hub)
    const lost = ours.models.filter(({ name }) => !repos.some(({ id }) => id === name))
    expect(lost.length).toBeGreaterThan(5)
    expect(repos.map(({ id }) => id).filter((id) => !ours.models.some(({ name }) => name === id))).toEqual([])
  })
})
