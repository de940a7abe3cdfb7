import type { EngineState, GenerationEvent, LoadedModel, Usage } from '../../../shared/contract'
import type { EnginePool } from '../../core/engine/types'

/** Upper ends of the histogram of seconds to the first token. */
const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const

/** Counts what the API does, for Prometheus and for the status. Never knows a prompt, an answer or a client. */
export interface Metrics {
  countRequest: (route: string, status: number) => void
  /** Counts what an event tells. */
  hear: (event: GenerationEvent) => void
  /** In Prometheus' text format, version 0.0.4. */
  render: (now: { models: readonly LoadedModel[]; inFlight: number; residentBytes: number }) => string
}

const failed: ReadonlySet<EngineState> = new Set<EngineState>(['crashed'])

/** @param pool watched for engines that crash, until `ended` */
export function createMetrics(pool: Pick<EnginePool, 'list' | 'subscribe'>, ended?: AbortSignal): Metrics {
  const requests = new Map<string, number>()
  const first = { counts: buckets.map(() => 0), sum: 0, count: 0 }
  const tokens = { prompt: 0, cached: 0, completion: 0 }
  const engines = { crashes: 0, loads: 0 }
  const states = (): Map<string, EngineState> => new Map(pool.list().map(({ name, state }) => [name, state]))
  let before = states()

  const unsubscribe = pool.subscribe(() => {
    const now = states()
    for (const [name, state] of now) {
      const old = before.get(name)
      if (failed.has(state) && old !== undefined && !failed.has(old)) engines.crashes += 1
      if (state === 'ready' && old !== 'ready') engines.loads += 1
    }
    before = now
  })
  ended?.addEventListener('abort', unsubscribe, { once: true })

  function countAnswer(usage: Usage, firstTokenMs: number | null): void {
    tokens.prompt += usage.prompt_tokens
    tokens.cached += usage.cached_tokens ?? 0
    tokens.completion += usage.completion_tokens
    if (firstTokenMs === null) return
    const seconds = firstTokenMs / 1000
    first.sum += seconds
    first.count += 1
    for (const [index, end] of buckets.entries()) if (seconds <= end) first.counts[index] = (first.counts[index] ?? 0) + 1
  }

  return {
    countRequest: (route, status) => {
      const key = `${label('route', route)},${label('status', String(status))}`
      requests.set(key, (requests.get(key) ?? 0) + 1)
    },
    hear: (event) => {
      if (event.type === 'finish') countAnswer(event.usage, event.timing.first_token_ms)
    },
    render: ({ models, inFlight, residentBytes }) =>
      [
        ...family('mlxk_requests_total', 'counter', 'Requests that were answered, by route and status.', [...requests]),
        ...family('mlxk_requests_in_flight', 'gauge', 'Answers that are being made.', [['', inFlight]]),
        ...family('mlxk_requests_queued', 'gauge', 'Answers that wait for an engine.', [
          ['', Math.max(0, inFlight - models.reduce((sum, model) => sum + model.in_flight, 0))],
        ]),
        ...histogram('mlxk_time_to_first_token_seconds', 'From the request to the first token, loading included.', first),
        ...family('mlxk_prompt_tokens_total', 'counter', 'Tokens of prompts.', [['', tokens.prompt]]),
        ...family('mlxk_cached_prompt_tokens_total', 'counter', 'Tokens of prompts that were in the prompt cache.', [
          ['', tokens.cached],
        ]),
        ...family('mlxk_completion_tokens_total', 'counter', 'Tokens that were generated.', [['', tokens.completion]]),
        ...family('mlxk_engine_loads_total', 'counter', 'Models that were loaded.', [['', engines.loads]]),
        ...family('mlxk_engine_crashes_total', 'counter', 'Engines that ended by themselves and are started again.', [
          ['', engines.crashes],
        ]),
        ...family(
          'mlxk_model_memory_bytes',
          'gauge',
          'Memory that the engine of a model uses.',
          models.flatMap(({ name, memory_bytes: bytes }) => (bytes === null ? [] : [[label('model', name), bytes] as const])),
        ),
        ...family(
          'mlxk_model_in_flight',
          'gauge',
          'Answers that a model is making.',
          models.map(({ name, in_flight: count }) => [label('model', name), count] as const),
        ),
        ...family('process_resident_memory_bytes', 'gauge', 'Memory of this process, engines not included.', [['', residentBytes]]),
        '',
      ].join('\n'),
  }
}

type Samples = readonly (readonly [labels: string, value: number])[]

function family(name: string, type: 'counter' | 'gauge', help: string, samples: Samples): string[] {
  const lines = samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines]
}

function histogram(name: string, help: string, { counts, sum, count }: { counts: number[]; sum: number; count: number }): string[] {
  const lines = buckets.map((end, index) => `${name}_bucket{le="${end}"} ${counts[index] ?? 0}`)
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...lines,
    `${name}_bucket{le="+Inf"} ${count}`,
    `${name}_sum ${sum}`,
    `${name}_count ${count}`,
  ]
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
