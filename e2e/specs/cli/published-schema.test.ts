import { readFileSync } from 'node:fs'
import Ajv from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { healthyModel, lfsPointerModel, truncatedShard } from '../../fixtures/cache'
import { createHome, type TestHome } from './home'

const file = process.env['MLXK_TEST_JSON_SCHEMA'] ?? ''

/** mlx-knife's own schema file is not part of this project; where a copy of it is at hand, our output is held against it. */
describe.skipIf(file === '')("mlx-knife's published JSON schema", () => {
  const validate = file === '' ? null : new Ajv({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  let home: TestHome

  beforeAll(() => {
    home = createHome()
    healthyModel(home.hub, 'mlx-community/Good-4bit')
    truncatedShard(home.hub, 'mlx-community/Cut-4bit')
    lfsPointerModel(home.hub, 'mlx-community/Pointer-4bit')
  })

  afterAll(() => home.remove())

  it.each([
    [['list', '--json']],
    [['show', 'Good-4bit', '--json']],
    [['show', 'Good-4bit', '--files', '--json']],
    [['show', 'Good-4bit', '--config', '--json']],
    [['show', 'nothing-like-it', '--json']],
    [['health', '--json']],
    [['health', 'Cut-4bit', '--json']],
    [['version', '--json']],
    [['run', 'nothing-like-it', 'Hello', '--json']],
  ])('accepts what %j prints', async (args) => {
    const { stdout } = await mlxk(args, { env: home.env })
    validate?.(JSON.parse(stdout))
    expect(validate?.errors ?? []).toEqual([])
  })
})
