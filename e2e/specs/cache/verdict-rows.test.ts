import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mlxk, startMlxk } from '../../drivers/cli'
import { end, firstLine } from '../../drivers/process'
import { healthyFiles, lfsPointer, noRefs, safetensorsFile, truncatedShard, writeModel } from '../../fixtures/cache'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from '../cli/home'

/**
 * The rows E75 and E79–E83 of the reference: what the installed engine can load, and that list, show, health, run and the server say the
 * same of each model. One cache, one server. Nothing is loaded here.
 */

const config = (values: Record<string, unknown>) =>
  healthyFiles({ 'config.json': JSON.stringify({ quantization: { bits: 4 }, ...values }) })
const chatless = (values: Record<string, unknown>) => ({
  'config.json': JSON.stringify({ quantization: { bits: 4 }, ...values }),
  'model.safetensors': safetensorsFile(),
})

const models: Record<string, (hub: string, name: string) => unknown> = {
  'org/good': (hub, name) => writeModel(hub, name),
  'org/alias': (hub, name) => writeModel(hub, name, { files: config({ model_type: 'mistral' }) }),
  'org/unknown-type': (hub, name) => writeModel(hub, name, { files: config({ model_type: 'not_there' }) }),
  'org/bert': (hub, name) => writeModel(hub, name, { files: chatless({ model_type: 'bert', architectures: ['BertModel'] }) }),
  'org/whisper': (hub, name) => writeModel(hub, name, { files: chatless({ model_type: 'whisper' }) }),
  'org/mllama': (hub, name) =>
    writeModel(hub, name, {
      files: { ...config({ model_type: 'mllama', vision_config: { a: 1 } }), 'preprocessor_config.json': '{"a":1}' },
    }),
  'org/pointer': (hub, name) => writeModel(hub, name, { files: healthyFiles({ 'model.safetensors': lfsPointer }) }),
  'org/torch-pointer': (hub, name) =>
    writeModel(hub, name, { files: { 'config.json': '{"model_type":"x"}', 'model.safetensors': lfsPointer } }),
  'org/truncated': (hub, name) => truncatedShard(hub, name),
  'org/no-refs': (hub, name) => noRefs(hub, name),
  'org/gguf': (hub, name) => writeModel(hub, name, { files: { 'config.json': '{"model_type":"llama"}', 'model.gguf': 'GGUF' } }),
}

interface Row {
  name: string
  health: string
  runtime_compatible: boolean
  reason: string | null
  capabilities: string[]
}

let home: TestHome
let env: Record<string, string>
let server: ChildProcess
let served: string[]
let listed: Map<string, Row>

const json = async (...args: string[]) => {
  const { stdout } = await mlxk([...args, '--json'], { env })
  return JSON.parse(stdout) as {
    status: string
    data: Record<string, unknown> | null
    error: { type: string; message: string; hint?: string } | null
  }
}

describe.skipIf(!needsEngine())('with the real engine', () => {
  beforeAll(async () => {
    home = createHome()
    env = { ...home.env, MLXK_PYTHON: testPython() }
    for (const [name, write] of Object.entries(models)) write(home.hub, name)
    const { data } = await json('list')
    listed = new Map((data as { models: Row[] }).models.map((row) => [row.name, row]))
    server = startMlxk(['serve', '--port', '0', '--json'], { env: { ...env, MLXK_HOME: `${home.data}-server` } })
    const { url } = (JSON.parse(await firstLine(server)) as { data: { url: string } }).data
    const answer = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }
    served = answer.data.map(({ id }) => id)
  })
  afterAll(async () => {
    await end(server)
    home.remove()
  })

  test('E75 an unknown model_type has the engine’s name and version in its reason, an alias passes', () => {
    expect(listed.get('org/unknown-type')).toMatchObject({
      runtime_compatible: false,
      reason: expect.stringMatching(/^mlx_lm \d+\.\d+\S* does not know the architecture "not_there"/),
    })
    expect(listed.get('org/alias')).toMatchObject({ runtime_compatible: true, reason: null })
  })

  test.each([
    ['E79', 'org/bert', /embeddings/],
    ['E80', 'org/whisper', /audio/],
    // No engine of ours sees pictures: what only runs with them is said not to run, by everyone.
    ['E81', 'org/mllama', /does not know the architecture "mllama"/],
  ])(
    '%s %s is refused by run before anything is loaded, with its reason and a hint, and not offered by the server',
    async (_row, name, reason) => {
      expect(listed.get(name)).toMatchObject({
        health: 'healthy',
        runtime_compatible: false,
        reason: expect.stringMatching(reason),
      })
      const { error } = await json('run', name, 'Hello')
      expect(error).toMatchObject({
        type: 'model_incompatible',
        message: expect.stringMatching(reason),
        hint: expect.stringMatching(/.+/),
      })
      expect(served).not.toContain(name)
    },
  )

  test.each(['org/pointer', 'org/torch-pointer', 'org/truncated'])('E82 run on %s says what health says', async (name) => {
    const { data } = await json('health', name)
    const [{ reason }] = (data as { unhealthy: [{ reason: string }] }).unhealthy
    expect((await json('run', name, 'Hello')).error).toMatchObject({
      type: 'model_unhealthy',
      message: expect.stringContaining(reason),
    })
  })

  test('E83 list, show, health, run and the server agree on every model', async () => {
    expect(listed.size).toBe(Object.keys(models).length)
    const { data } = await json('health')
    const { healthy, unhealthy } = data as Record<'healthy' | 'unhealthy', { name: string; status: string }[]>
    const health = new Map([...healthy, ...unhealthy].map(({ name, status }) => [name, status]))
    for (const [name, row] of listed) {
      expect([name, health.get(name)]).toEqual([name, row.health])
      const shown = (await json('show', name)).data as { model: Row }
      expect([name, shown.model.health, shown.model.runtime_compatible, shown.model.reason]).toEqual([
        name,
        row.health,
        row.runtime_compatible,
        row.reason,
      ])
      expect([name, served.includes(name)]).toEqual([name, row.runtime_compatible])
      if (row.runtime_compatible) continue
      expect((await json('run', name, 'Hello')).error?.message).toContain(row.reason)
    }
    expect(served.toSorted()).toEqual(['org/alias', 'org/good', 'org/no-refs'])
  })
})
