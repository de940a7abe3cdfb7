import { z } from 'zod'
import { samplingParams } from '../contract'
import { AppError } from '../errors'
import { whyUnsupported } from './parameters'
import { firstProblem } from './problems'

/** The most answers that one request may ask for. */
const maxChoices = 8
/** mlx_lm tells no more than this many alternatives of a token. */
export const maxTopLogprobs = 11

/** A lone half of a character could match in the middle of one. */
const stopText = z.string().min(1).max(1000).refine(isWellFormed, 'must be whole characters')

const durations: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Seconds, or a time such as `10m`, as Ollama's clients send it; below 0 is for ever. Becomes milliseconds, null for ever. */
export const keepAlive = z
  .union([z.number().max(1e9), z.string().regex(/^-?\d{1,9}(\.\d{1,3})?(ms|s|m|h)?$/, 'must be a time such as 300, "10m" or -1')])
  .transform((given) => {
    const [, amount, unit] = /^(-?[\d.]+)(\w*)$/.exec(String(given)) ?? []
    const ms = typeof given === 'number' ? given * 1000 : Number(amount) * (durations[unit ?? ''] ?? 1000)
    return ms < 0 ? null : ms
  })

/** What both kinds of requests take. */
export const commonShape = {
  model: z.string().min(1).max(512),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).optional(),
  ...samplingParams.shape,
  stop: z.union([stopText, z.array(stopText).max(16)]).optional(),
  n: z.number().int().min(1).max(maxChoices).default(1),
  keep_alive: keepAlive.optional(),
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/, 'must have token ids as keys'), z.number().min(-100).max(100))
    .refine((bias) => Object.keys(bias).length <= 1024, 'must not have more than 1024 tokens')
    .optional(),
}

/**
 * Checks a body against a schema. Nulls at the top level count as absent. A parameter that we do not know, or cannot honour with this
 * value, is refused rather than ignored, because the answer would not be the one that was asked for.
 * @throws AppError invalid_request, unsupported_parameter; `data.param` is the place, such as `messages[0].content`
 */
export function parseBody<T extends z.ZodObject>(
  schema: T,
  body: unknown,
  refuse: (problem: { path: readonly PropertyKey[]; param: string }) => AppError | null = () => null,
): z.output<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_request', 'The body must be a JSON object.')
  }
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const problem = firstProblem(parsed.error, given)
    throw refuse(problem) ?? invalid(problem.param, problem.sentence)
  }
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(schema.shape, name)) continue
    const reason = whyUnsupported(name, value)
    if (reason !== null) throw unsupported(name, reason)
  }
  return parsed.data
}

export function invalid(param: string, sentence: string): AppError {
  return new AppError('invalid_request', sentence, { data: { param } })
}

export function unsupported(param: string, reason: string): AppError {
  return new AppError('unsupported_parameter', `${param} is not supported here with this value. ${reason}`, { data: { param } })
}

/** `String.prototype.isWellFormed`, which Node 18 does not have. */
function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)
}
