import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/errors'
import type { EngineLease } from '../engine/types'
import { createGenerator, type GeneratorDeps } from './generator'
import { bench, collect, lease, loading, request, say, textOf, think, usage } from './test-bench'
import type { EngineStreamEvent } from '../engine/types'

describe('generate', () => {
  it('yields the text in order and one finish with the real reason, usage, timing and full model id', async () => {
    const { deps, released, closed } = bench([say('Hel'), say('lo'), say('', 'length'), usage])
    const events = await collect(deps)
    expect(events).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      {
        type: 'finish',
        reason: 'length',
        usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, cached_tokens: 2 },
        timing: { first_token_ms: 10, total_ms: 30, tokens_per_second: 300 },
        model: 'org/model',
      },
    ])
    expect([released(), closed()]).toEqual([1, 1])
  })

  it('keeps reasoning apart from the answer', async () => {
    const { deps } = bench([think('hm'), say('yes'), say('', 'stop'), usage])
    expect((await collect(deps)).map((event) => event.type)).toEqual(['reasoning', 'text', 'finish'])
  })

  it('ends at a stop text that is split over chunks, closes the engine and counts what it has seen', async () => {
    const script: EngineStreamEvent[] = [{ type: 'progress', done: 7, total: 7 }, say('one EN'), say('D two'), say('never')]
    const { deps, bodies, released, closed } = bench(script)
    const events = await collect(deps, { params: { stop: ['END'] } })
    expect(textOf(events)).toBe('one ')
    expect(events.at(-1)).toMatchObject({ reason: 'stop', usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } })
    expect([released(), closed()]).toEqual([1, 1])
    expect(bodies[0]).not.toHaveProperty('stop')
  })

  it('does not look for stop texts in the reasoning', async () => {
    const { deps } = bench([think('END of thought'), say('fine'), say('', 'stop'), usage])
    expect(textOf(await collect(deps, { params: { stop: ['END'] } }))).toBe('fine')
  })

  it('delivers held back text when the answer ends before the stop is complete', async () => {
    const { deps } = bench([say('one EN'), say('', 'stop'), usage])
    expect(textOf(await collect(deps, { params: { stop: ['END'] } }))).toBe('one EN')
  })

  it('always sends a token limit: the request, then the setting, then half the context', async () => {
    const { deps, bodies } = bench([usage])
    await collect(deps, { params: { max_tokens: 3 } })
    await collect({ ...deps, maxTokens: () => 50 })
    await collect(deps)
    expect(bodies.map((body) => body['max_tokens'])).toEqual([3, 50, 2048])
  })

  it('tells what it waits for while the model loads', async () => {
    const { deps } = bench([say('x'), usage])
    const pool: GeneratorDeps['pool'] = {
      acquire: async (_model, { onState }) => {
        onState?.(loading)
        await new Promise((resolve) => setImmediate(resolve))
        onState?.({ ...loading, progress: 1 })
        await new Promise((resolve) => setImmediate(resolve))
        return lease(() => {})
      },
    }
    expect((await collect({ ...deps, pool })).slice(0, 3)).toEqual([
      { type: 'state', state: 'loading', progress: 0.5 },
      { type: 'state', state: 'loading', progress: 1 },
      { type: 'text', text: 'x' },
    ])
  })

  it('returns a lease that comes after the caller has left', async () => {
    let release: () => void = () => {}
    const released = new Promise<string>((resolve) => (release = () => resolve('released')))
    let grant: (lease: EngineLease) => void = () => {}
    const pool: GeneratorDeps['pool'] = {
      acquire: (_model, { onState }) => {
        onState?.(loading)
        return new Promise((resolve) => (grant = resolve))
      },
    }
    const { deps, bodies } = bench([])
    for await (const event of createGenerator({ ...deps, pool }).generate(request, new AbortController().signal)) {
      expect(event.type).toBe('state')
      break
    }
    grant(lease(release))
    expect(await released).toBe('released')
    expect(bodies).toEqual([])
  })

  it('closes the engine stream and releases the lease when the caller leaves', async () => {
    const { deps, released, closed } = bench([say('a'), say('b')])
    for await (const event of createGenerator(deps).generate(request, new AbortController().signal)) {
      expect(event.type).toBe('text')
      break
    }
    expect([released(), closed()]).toEqual([1, 1])
  })

  it('throws cancelled when aborted, before any work or in the middle', async () => {
    const { deps, bodies, released } = bench([say('a'), say('b')])
    const controller = new AbortController()
    const events = createGenerator(deps).generate(request, controller.signal)
    await events.next()
    controller.abort()
    await expect(events.next()).rejects.toMatchObject({ name: expect.stringMatching(/AppError|AbortError/) })
    expect(released()).toBe(1)
    await expect(createGenerator(deps).generate(request, controller.signal).next()).rejects.toMatchObject({ code: 'cancelled' })
    expect(bodies).toHaveLength(1)
  })

  it('gives the lease back at once when aborted, also when nobody asks for another event', async () => {
    const { deps, released } = bench([say('a'), say('b')])
    const controller = new AbortController()
    await createGenerator(deps).generate(request, controller.signal).next()
    expect(released()).toBe(0)
    controller.abort()
    expect(released()).toBe(1)
  })

  it('passes typed failures on and releases the lease', async () => {
    const crash = new AppError('engine_crashed', 'It died.')
    const { deps, released } = bench([], {
      // eslint-disable-next-line require-yield
      openStream: async function* () {
        throw crash
      },
    })
    await expect(collect(deps)).rejects.toBe(crash)
    expect(released()).toBe(1)
    const unknown = new AppError('model_not_found', 'No such model.')
    await expect(collect({ ...deps, catalog: { resolve: () => Promise.reject(unknown) } })).rejects.toBe(unknown)
  })
})
