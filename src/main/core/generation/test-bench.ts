import type { GenerationEvent, LoadedModel } from '../../../shared/contract'
import type { EngineLease, EngineStreamEvent } from '../engine/types'
import type { ResolvedModel } from '../models/types'
import { createGenerator, type GeneratorDeps } from './generator'
import type { GenerationRequest } from './types'

/** For the tests of this folder: a generator over an engine that follows a script. */

export const model = { name: 'org/model', hash: 'abc', snapshotPath: '/cache/org/model', summary: {} } as unknown as ResolvedModel
export const request: GenerationRequest = {
  model: 'model',
  messages: [{ role: 'user', content: 'Hi' }],
  params: {},
  face: 'server',
}
export const loading = { state: 'loading', progress: 0.5 } as LoadedModel

export function say(content: string, finish: string | null = null): EngineStreamEvent {
  return { type: 'chunk', chunk: { choices: [{ finish_reason: finish, delta: { role: 'assistant', content } }] } }
}

export function think(reasoning: string): EngineStreamEvent {
  return { type: 'chunk', chunk: { choices: [{ finish_reason: null, delta: { role: 'assistant', reasoning } }] } }
}

export const usage: EngineStreamEvent = {
  type: 'chunk',
  chunk: {
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, prompt_tokens_details: { cached_tokens: 2 } },
  },
}

interface Bench {
  deps: GeneratorDeps
  bodies: Record<string, unknown>[]
  released: () => number
  closed: () => number
}

/** A pool with one model that is ready, and an engine that says `script`. */
export function bench(script: EngineStreamEvent[], more: Partial<GeneratorDeps> = {}): Bench {
  const bodies: Record<string, unknown>[] = []
  let released = 0
  let closed = 0
  let now = 0
  const deps: GeneratorDeps = {
    catalog: { resolve: () => Promise.resolve(model) },
    pool: { acquire: () => Promise.resolve(lease(() => (released += 1))) },
    openStream: async function* (_lease, _path, body, signal) {
      bodies.push(body)
      try {
        for (const event of script) {
          signal.throwIfAborted()
          yield event
        }
      } finally {
        closed += 1
      }
    },
    clock: () => (now += 10),
    maxTokens: () => null,
    ...more,
  }
  return { deps, bodies, released: () => released, closed: () => closed }
}

/** Like the pool's: releasing again does nothing. */
export function lease(onRelease: () => void): EngineLease {
  let open = true
  const release = (): void => {
    if (open) onRelease()
    open = false
  }
  return { url: 'http://engine', token: 't', model, contextLength: 4096, died: new Promise<never>(() => {}), release }
}

export async function collect(deps: GeneratorDeps, more: Partial<GenerationRequest> = {}): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = []
  for await (const event of createGenerator(deps).generate({ ...request, ...more }, new AbortController().signal))
    events.push(event)
  return events
}

export function textOf(events: readonly GenerationEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('')
}

export function call(name: string, json = '{}', finish: string | null = null): EngineStreamEvent {
  const tool_calls = [{ id: `id-${name}`, function: { name, arguments: json } }]
  return { type: 'chunk', chunk: { choices: [{ finish_reason: finish, delta: { role: 'assistant', tool_calls } }] } }
}
