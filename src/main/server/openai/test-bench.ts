import { expect } from 'vitest'
import type { GenerationEvent, LoadedModel, ModelSummary } from '../../../shared/contract'
import { AppError, type ErrorCode } from '../../../shared/errors'
import type { WireError } from '../../../shared/openai'
import type { GenerationRequest } from '../../core/generation/types'
import type { ResolvedModel } from '../../core/models/types'
import { createActivity } from './activity'
import { buildApi } from './api'
import type { ApiDeps } from './deps'

/** For the tests of this folder: the API over a catalog of five models and a generator that follows a script. */

function summary(name: string, more: Partial<ModelSummary> = {}): ModelSummary {
  const base = { name, health: 'healthy', runtime_compatible: true, capabilities: ['text-generation', 'chat'], size_bytes: 1000 }
  const rest = { last_modified: '2026-01-02T03:04:05Z', quantization: null, context: { tokens: 8192, source: 'config' } }
  return { ...base, ...rest, ...more } as ModelSummary
}

export const finish: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cached_tokens: 1 },
  timing: { first_token_ms: 1, total_ms: 2, tokens_per_second: null },
  model: 'org/chat',
}

interface Bench {
  api: ReturnType<typeof buildApi>
  deps: ApiDeps
  requests: GenerationRequest[]
  logged: [unknown, string][]
  activity: ReturnType<typeof createActivity>
}

type Script = (request: GenerationRequest, signal: AbortSignal) => AsyncGenerator<GenerationEvent>

export function bench(script: Script | GenerationEvent[], more: Partial<ApiDeps> = {}): Bench {
  const requests: GenerationRequest[] = []
  const logged: [unknown, string][] = []
  const activity = createActivity()
  const run: Script = Array.isArray(script)
    ? async function* () {
        yield* script
      }
    : script
  const deps: ApiDeps = {
    generator: {
      generate: (request, signal) => {
        requests.push(request)
        return run(request, signal)
      },
    },
    downloads: { list: () => [], add: () => Promise.reject(new Error('not asked')) },
    catalog: {
      list: () =>
        Promise.resolve({
          models: [
            summary('org/chat'),
            summary('org/loaded', { quantization: { bits: 4, group_size: 64, mode: null, mixed: false } }),
            summary('org/broken', { health: 'unhealthy' }),
            summary('org/gguf', { runtime_compatible: false }),
            summary('org/embed', { capabilities: ['embeddings'] }),
          ],
          count: 5,
          roots: [],
        }),
      resolve: (spec) =>
        spec === 'chat' || spec === 'org/chat'
          ? Promise.resolve({ name: 'org/chat' } as ResolvedModel)
          : Promise.reject(new AppError('model_not_found', `No model "${spec}".`, { hint: 'See "mlxk list".' })),
    },
    pool: poolWith([{ name: 'org/loaded', state: 'ready', in_flight: 0, memory_bytes: 5 } as LoadedModel]),
    logError: (error, id) => void logged.push([error, id]),
    version: '1.2.3',
    activity,
    ...more,
  }
  return { api: buildApi(deps), deps, requests, logged, activity }
}

/** A pool in which nothing ever changes. */
export function poolWith(models: LoadedModel[]): ApiDeps['pool'] {
  return {
    list: () => models,
    subscribe: () => () => {},
    load: () => Promise.resolve(),
    unload: () => Promise.resolve(),
  }
}

export const local = { host: '127.0.0.1:11811' }

export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { ...local, 'content-type': 'application/json', ...headers },
  }
}

export const ask = { model: 'chat', messages: [{ role: 'user', content: 'Hi' }] }

export async function errorOf(
  response: Response,
): Promise<{ status: number; code: ErrorCode; param: string | null; message: string }> {
  const { error, request_id } = (await response.json()) as WireError
  expect(response.headers.get('x-request-id')).toBe(request_id)
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
  return { status: response.status, code: error.code, param: error.param, message: error.message }
}

export function dataOf(text: string): unknown[] {
  const lines = text.split('\n\n').filter((event) => event.startsWith('data: '))
  return lines.map((line) => (line === 'data: [DONE]' ? '[DONE]' : (JSON.parse(line.slice(6)) as unknown)))
}
