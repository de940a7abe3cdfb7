import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeScriptedModel } from '../../../src/main/core/demo'
import { startMlxk } from '../../drivers/cli'
import { finish, firstLine } from '../../drivers/process'

const count = process.env['MLXK_TEST_FULL'] === '1' ? 500 : 60

/** Times are printed here and judged by the bench: other tests run beside this one. */
it(
  `GET /v1/models with ${count} models: quick, without Python, and true as soon as a model comes`,
  { timeout: 120_000 },
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'mlxk-list-'))
    const hub = join(root, 'hf', 'hub')
    for (let index = 0; index < count; index += 1)
      await writeScriptedModel(hub, { name: `org/m${index}`, script: `word${index} said` })
    const env = { HOME: root, HF_HOME: join(root, 'hf'), MLXK_HOME: join(root, 'data'), MLXK_PYTHON: join(root, 'none') }
    const serving = startMlxk(['serve', '--port', '0', '--json'], { env })
    try {
      const { url } = (JSON.parse(await firstLine(serving)) as { data: { url: string } }).data
      const names = async (): Promise<string[]> => {
        const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }
        return data.map(({ id }) => id)
      }
      expect(await names()).toHaveLength(count)
      const times: number[] = []
      for (let index = 0; index < 100; index += 1) {
        const startedAt = performance.now()
        await names()
        times.push(performance.now() - startedAt)
      }
      times.sort((a, b) => a - b)
      console.log(`GET /v1/models, ${count} models: p50 ${times[50]?.toFixed(2)} ms, p99 ${times[98]?.toFixed(2)} ms`)
      await writeScriptedModel(hub, { name: 'org/new', script: 'just came' })
      await expect.poll(names, { timeout: 15_000 }).toContain('org/new')
    } finally {
      serving.kill('SIGTERM')
      await finish(serving)
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    }
  },
)
