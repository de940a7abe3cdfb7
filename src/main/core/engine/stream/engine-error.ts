import { AppError } from '../../../../shared/errors'

const sentences: Record<string, string> = {
  invalid_stop: 'stop must be a text or a list of texts, none of them empty.',
  invalid_top_k: "top_k must be smaller than the model's vocabulary.",
  invalid_top_logprobs: "top_logprobs must be smaller than the model's vocabulary.",
  invalid_logit_bias: "logit_bias names a token that is not in the model's vocabulary.",
  invalid_prompt: 'The prompt must be a text of at least one token.',
  invalid_chat_template_kwargs:
    'chat_template_kwargs may hold what the template knows, and nothing that replaces the conversation.',
  remote_image: 'Images must be sent inside the request; the engine does not fetch them.',
}

/** mlx_lm says so with 404 when the thread that answers is gone. Our launcher ends such a process, where it can. */
const deadThread = 'generation thread died'

/**
 * Turns the engine's answer to a refused request into an error of ours. Sentences that begin with `engine:` are written by our own
 * launcher (`resources/engine/mlxk_engine/checks.py`): `engine:<code>[:<details>]`. Any other text is mlx_lm's and only shown.
 * @param status HTTP status
 * @param body the answer, already bounded
 * @param input what the request was about
 */
export function engineError(status: number, body: string, input: 'messages' | 'prompt' = 'messages'): AppError {
  const text = errorText(body)
  const parts = text.split(':')
  if (parts[0] !== 'engine') {
    return status >= 500 || status === 401 || text === deadThread
      ? new AppError('engine_crashed', `The engine answered with an error (${status}): ${text}`)
      : new AppError('invalid_request', `The engine refused the request: ${text}`)
  }
  const code = parts[1] ?? ''
  if (code === 'context_length_exceeded') return contextError(Number(parts[2]), Number(parts[3]), input)
  if (code === 'template') {
    return new AppError('invalid_request', `The model's chat template refused the messages: ${parts.slice(2).join(':')}`, {
      data: { param: input },
    })
  }
  const invalid = code.startsWith('invalid_') ? code.slice('invalid_'.length) : null
  const sentence = sentences[code] ?? `The engine refused the request (${code}).`
  return new AppError('invalid_request', sentence, invalid === null ? {} : { data: { param: invalid } })
}

/** A prompt that does not fit, with both counts. */
export function contextError(promptTokens: number, contextLength: number, input: 'messages' | 'prompt'): AppError {
  return new AppError(
    'context_length_exceeded',
    `This model's context is ${contextLength} tokens, and the ${input === 'prompt' ? 'prompt alone has' : 'messages alone have'} ${promptTokens}.`,
    {
      hint: input === 'prompt' ? 'Shorten the prompt.' : 'Shorten the messages or start a new conversation.',
      data: { prompt_tokens: promptTokens, context_length: contextLength, param: input },
    },
  )
}

function errorText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed && typeof parsed.error === 'string') return parsed.error
  } catch {
    // Not JSON: plain text of Python's http.server.
  }
  return body.trim().slice(0, 300)
}
