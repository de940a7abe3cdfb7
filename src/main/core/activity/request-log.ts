import type { ActivityFrame, ApiRequest, GenerationEvent } from '../../../shared/contract'
import { httpErrors, isCancellation, isErrorCode, toSerializedError } from '../../../shared/errors'
import { createEmitter, follow } from '../system'
import { createThroughput } from './throughput'

/** A request while it is made. After its end nothing changes it any more. */
export interface RequestEntry {
  describe: (what: { model: string; stream: boolean }) => void
  /** Gives what is told every event of the `choices` answers: it reads off them how far the request is. */
  watch: (choices: number) => (event: GenerationEvent) => void
  fail: (error: unknown) => void
  /** Nobody waits for it any more. */
  leave: () => void
}

export interface RequestLog {
  begin: (what: { id: string; route: string; client: string | null }) => RequestEntry
  /** Forgets the requests that have ended. */
  clear: () => void
  watch: (signal: AbortSignal) => AsyncGenerator<ActivityFrame, void, undefined>
}

type Phase = 'queue_ms' | 'load_ms' | 'prefill_ms' | 'decode_ms'
interface Book {
  ms: { [phase in Phase]: number }
  phase: Phase
  since: number
  /** The version of the list that this record last changed. */
  changed: number
}
type Record = Omit<ApiRequest, Phase> & { book: Book }

const KEPT = 200
const INTERVAL_MS = 250
const TICK_MS = 2_000
const CLIENT_LEFT = 499
const phases = { queued: 'queue_ms', loading: 'load_ms', prefill: 'prefill_ms' } as const

const isEnded = ({ state }: Pick<Record, 'state'>): boolean => state === 'done' || state === 'failed' || state === 'cancelled'

/**
 * The last 200 requests with how far they are and where their time goes. `now` in milliseconds. Watchers hear of changes at most four
 * times a second.
 */
export function createRequestLog({ now = Date.now }: { now?: () => number } = {}): RequestLog {
  const records: Record[] = []
  const throughput = createThroughput(now)
  const changes = createEmitter<undefined>()
  let version = 0
  /** The version at which the list was emptied last. */
  let cleared = 0
  let total = 0
  let timer: NodeJS.Timeout | null = null

  const notice = (record: Record): void => {
    record.book.changed = ++version
    timer ??= setTimeout(() => {
      timer = null
      changes.emit(undefined)
    }, INTERVAL_MS).unref()
  }

  const enter = (record: Record, phase: Phase): void => {
    const at = now()
    record.book.ms[record.book.phase] += at - record.book.since
    record.book.since = at
    record.book.phase = phase
  }

  const end = (record: Record, outcome: Pick<ApiRequest, 'state' | 'status' | 'error_code'>): void => {
    if (isEnded(record)) return
    enter(record, record.book.phase)
    Object.assign(record, outcome)
    notice(record)
  }

  const fail = (record: Record, error: unknown): void => {
    if (isCancellation(error)) return leave(record)
    const { code } = toSerializedError(error)
    const status = isErrorCode(code) ? httpErrors[code].status : 500
    end(record, { state: 'failed', status, error_code: code })
  }

  const leave = (record: Record): void => end(record, { state: 'cancelled', status: CLIENT_LEFT, error_code: null })

  const hear = (record: Record, event: GenerationEvent): void => {
    if (event.type === 'finish') {
      const { prompt_tokens: prompt, cached_tokens: cached } = event.usage
      record.prompt_tokens = prompt
      record.cached_tokens = cached
    } else if (event.type !== 'state') {
      if (record.book.phase !== 'decode_ms') enter(record, 'decode_ms')
      record.state = 'answering'
      record.completion_tokens += 1
      throughput.add(1)
    } else if (record.state !== 'answering') {
      if (record.book.phase !== phases[event.state]) enter(record, phases[event.state])
      record.state = event.state
    }
    notice(record)
  }

  const watchAnswers = (record: Record, choices: number): ((event: GenerationEvent) => void) => {
    let exact = 0
    let finished = 0
    return (event) => {
      hear(record, event)
      if (event.type !== 'finish') return
      exact += event.usage.completion_tokens
      finished += 1
      if (finished < choices) return
      // A piece of text may be several tokens, and the last ones may be no text.
      throughput.add(Math.max(0, exact - record.completion_tokens))
      record.completion_tokens = exact
      end(record, { state: 'done', status: 200, error_code: null })
    }
  }

  const toRequest = ({ book: { ms, phase, since }, ...rest }: Record): ApiRequest => {
    const spent = (name: Phase): number => Math.round(ms[name] + (name === phase && !isEnded(rest) ? now() - since : 0))
    return {
      ...rest,
      queue_ms: spent('queue_ms'),
      load_ms: spent('load_ms'),
      prefill_ms: spent('prefill_ms'),
      decode_ms: spent('decode_ms'),
    }
  }

  const keep = (record: Record): void => {
    records.push(record)
    if (records.length <= KEPT) return
    const oldest = records.findIndex(isEnded)
    records.splice(Math.max(0, oldest), 1)
  }

  return {
    begin: ({ id, route, client }) => {
      const at = now()
      const record: Record = {
        id: id.slice(0, 64),
        started_at: new Date(at).toISOString(),
        route: route.slice(0, 100),
        client,
        model: null,
        stream: false,
        state: 'queued',
        status: null,
        error_code: null,
        prompt_tokens: null,
        cached_tokens: null,
        completion_tokens: 0,
        book: { ms: { queue_ms: 0, load_ms: 0, prefill_ms: 0, decode_ms: 0 }, phase: 'queue_ms', since: at, changed: 0 },
      }
      total += 1
      keep(record)
      notice(record)
      return {
        describe: ({ model, stream }) => {
          Object.assign(record, { model: model.slice(0, 200), stream })
          notice(record)
        },
        watch: (choices) => watchAnswers(record, choices),
        fail: (error) => fail(record, error),
        leave: () => leave(record),
      }
    },
    clear: () => {
      const open = records.filter((record) => !isEnded(record))
      records.splice(0, records.length, ...open)
      total = open.length
      cleared = ++version
      changes.emit(undefined)
    },
    watch: async function* (signal) {
      let seen = -1
      // The plot moves on also when nothing is asked.
      const tick = setInterval(() => changes.emit(undefined), TICK_MS).unref()
      try {
        for await (const _ of follow(
          () => version,
          (listener) => changes.subscribe(listener),
          signal,
        )) {
          const whole = seen < cleared
          const requests = records.filter((record) => whole || record.book.changed > seen || !isEnded(record)).map(toRequest)
          seen = version
          yield { at: new Date(now()).toISOString(), whole, requests, total, throughput: throughput.read() }
        }
      } finally {
        clearInterval(tick)
      }
    },
  }
}
