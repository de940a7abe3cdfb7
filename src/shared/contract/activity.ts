import { z } from 'zod'
import { isoTime, noInput } from './common'
import { stream } from './method'

/** One request for an answer: what it cost and how it went. Never what was asked or answered. */
export const apiRequest = z.object({
  /** As in the header X-Request-ID. */
  id: z.string(),
  started_at: isoTime,
  /** `/v1/chat/completions`; `chat` when it came from a window. */
  route: z.string(),
  /** What the program calls itself; null when it does not. */
  client: z.string().nullable(),
  model: z.string().nullable(),
  stream: z.boolean(),
  state: z.enum(['queued', 'loading', 'prefill', 'answering', 'done', 'failed', 'cancelled']),
  /** HTTP status, once it has ended. */
  status: z.number().int().nullable(),
  error_code: z.string().nullable(),
  prompt_tokens: z.number().int().nullable(),
  cached_tokens: z.number().int().nullable(),
  /** Counted while it answers, exact at the end. */
  completion_tokens: z.number().int(),
  /** Where the time went so far. */
  queue_ms: z.number().int(),
  load_ms: z.number().int(),
  prefill_ms: z.number().int(),
  decode_ms: z.number().int(),
})

/** A whole frame carries the last 200 requests and replaces what was told before: the first one, and one after they were deleted. */
export const activityFrame = z.object({
  at: isoTime,
  whole: z.boolean(),
  /** Those that have changed, in a frame that is not whole. */
  requests: z.array(apiRequest),
  /** Requests since the owner's start. */
  total: z.number().int(),
  throughput: z.object({
    /** Seconds that each sample covers. */
    step_s: z.number(),
    /** Tokens per second, oldest first; the last one ends now. */
    samples: z.array(z.number()),
    /** Of the last five seconds. */
    now: z.number(),
  }),
})

/** One line of the owner's log, secrets taken out. */
export const logLine = z.object({
  /** Rises by one. */
  number: z.number().int(),
  time: z.string(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  scope: z.string().nullable(),
  message: z.string(),
  /** The other fields, as `key=value`. */
  detail: z.string(),
})

export type ApiRequest = z.infer<typeof apiRequest>
export type ActivityFrame = z.infer<typeof activityFrame>
export type LogLine = z.infer<typeof logLine>

export const activityContract = {
  'server.activity': stream(noInput, activityFrame),
  /** The last lines first, then what is added, a few times a second. `whole`: they replace what was told before, as after a deletion. */
  'log.watch': stream(noInput, z.object({ file: z.string(), whole: z.boolean(), lines: z.array(logLine) })),
}
