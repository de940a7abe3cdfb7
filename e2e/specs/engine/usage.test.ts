import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GenerationEvent, Usage } from '../../../src/shared/contract'
import { openEngineStream } from '../../../src/main/core/engine'
import { createGenerator } from '../../../src/main/core/generation'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { openBench, soon, type EngineBench } from './support'

let bench: EngineBench
let model: ResolvedModel

beforeAll(async () => {
  bench = await openBench()
  model = await bench.model({ name: 'test/stops', script: 'Grüße, 你好 🙂 and one END and more after it.' })
})
afterAll(async () => {
  await bench.pool.close()
  rmSync(bench.root, { recursive: true, force: true })
})

async function ask(params: { max_tokens: number; stop?: string[] }): Promise<{ text: string; usage: Usage }> {
  const generator = createGenerator({
    catalog: { resolve: () => Promise.resolve(model) },
    pool: bench.pool,
    openStream: openEngineStream,
    clock: () => performance.now(),
    maxTokens: () => null,
  })
  const events: GenerationEvent[] = []
  const messages = [{ role: 'user' as const, content: 'Say it.' }]
  for await (const event of generator.generate({ model: model.name, messages, params, face: 'server' }, soon())) events.push(event)
  const last = events.at(-1)
  if (last?.type !== 'finish') throw new Error('no finish')
  return { text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''), usage: last.usage }
}

it('counts an answer that a stop text cuts exactly as one of as many tokens that nothing cuts', async () => {
  let whole = await ask({ max_tokens: 1 })
  for (let tokens = 2; !whole.text.includes('END'); tokens += 1) whole = await ask({ max_tokens: tokens })
  const cut = await ask({ max_tokens: 400, stop: ['END'] })
  expect(cut.text).toBe('Grüße, 你好 🙂 and one ')
  const { prompt_tokens, completion_tokens, total_tokens } = whole.usage
  expect(cut.usage).toMatchObject({ prompt_tokens, completion_tokens, total_tokens })
  expect(cut.usage.cached_tokens).toBeGreaterThan(0)
})
