import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needsEngine } from '../../setup/needs'
import { counting, hello, openGateway, thinking, type Gateway } from './support'

/** Every patch of the launcher left out: what an mlx_lm looks like that none of them fits. */
describe.skipIf(!needsEngine())('the API over an mlx_lm that no patch fits', () => {
  let gateway: Gateway
  let client: OpenAI
  const messages = [{ role: 'user' as const, content: 'Hi' }]

  beforeAll(async () => {
    gateway = await openGateway({ MLXK_ENGINE_WITHOUT: 'all' })
    client = new OpenAI({ baseURL: `${gateway.api.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(() => gateway?.close())

  it('loads, answers whole and streamed with the same text, and counts', async () => {
    const whole = await client.chat.completions.create({ model: hello, messages })
    expect(whole.choices[0]?.message.content).toMatch(/^Hello from MLX Knife!.*Have fun!$/s)
    const stream = await client.chat.completions.create({
      model: hello,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(usage?.completion_tokens).toBe(whole.usage?.completion_tokens)
    expect(gateway.pool.log(hello).join('\n')).toContain('left out by MLXK_ENGINE_WITHOUT')
  })

  it('keeps thinking apart from the answer', async () => {
    const answer = await client.chat.completions.create({ model: thinking, messages })
    expect(answer.choices[0]?.message).toMatchObject({ reasoning_content: expect.stringContaining('weigh both sides') })
    expect(answer.choices[0]?.message.content).toMatch(/^I thought about it first/)
  })

  it('cuts at a stop text and at a token limit, and frees the engine of a client that leaves', async () => {
    const cut = await client.chat.completions.create({ model: counting, messages, stop: ['two sheep'] })
    expect(cut.choices[0]?.message.content).toMatch(/over the fence, $/)
    expect(cut.choices[0]?.finish_reason).toBe('stop')
    const short = await client.chat.completions.create({ model: counting, messages, max_tokens: 3 })
    expect(short.choices[0]?.finish_reason).toBe('length')
    const stream = await client.chat.completions.create({ model: counting, messages, stream: true })
    for await (const _ of stream) break
    await gateway.idle()
    expect((await client.chat.completions.create({ model: counting, messages, max_tokens: 2 })).choices).toHaveLength(1)
  })

  it('refuses what would end the generation thread before the engine sees it', async () => {
    const bad = { model: hello, messages, stop: 5 } as never
    await expect(client.chat.completions.create(bad)).rejects.toMatchObject({ status: 400 })
    expect((await client.chat.completions.create({ model: hello, messages, max_tokens: 2 })).choices).toHaveLength(1)
  })
})
