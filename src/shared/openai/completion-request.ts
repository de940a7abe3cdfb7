import { z } from 'zod'
import { commonShape, invalid, parseBody, unsupported } from './request-parts'

const completionRequest = z.object({
  ...commonShape,
  prompt: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  echo: z.boolean().default(false),
  best_of: z.number().int().min(1).optional(),
  /** How many alternatives of each token are told. */
  logprobs: z.number().int().min(0).max(5).optional(),
})

export type CompletionRequest = Omit<z.output<typeof completionRequest>, 'prompt' | 'best_of'> & { prompt: string }

/**
 * Checks the body of `POST /v1/completions`: one prompt, which is a text (product.md §4, E144).
 * @throws AppError invalid_request, unsupported_parameter, with `data.param`
 */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  const given = typeof body === 'object' && body !== null && 'prompt' in body ? body.prompt : undefined
  // Lists of lists and of numbers are prompts of token ids.
  if (Array.isArray(given) && given.length > 0 && typeof given[0] !== 'string') {
    throw unsupported('prompt', 'Send the prompt as a text, not as token ids.')
  }
  if (Array.isArray(given) && given.length > 1) throw invalid('prompt', 'prompt: one prompt per request.')
  const { prompt, best_of: bestOf, ...request } = parseBody(completionRequest, body)
  if (bestOf !== undefined && bestOf !== request.n) throw unsupported('best_of', 'Every answer is given: use n.')
  if (request.echo && request.logprobs !== undefined) {
    throw unsupported('logprobs', 'The tokens of a prompt have none, so it cannot be combined with echo.')
  }
  return { ...request, prompt: typeof prompt === 'string' ? prompt : (prompt[0] ?? '') }
}
