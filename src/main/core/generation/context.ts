import { contextError } from '../engine'

/**
 * Our launcher counts before the engine begins. Without that patch the first word of a prompt's length is the engine's progress, and mlx
 * would run past the context and write garbage.
 * @throws AppError context_length_exceeded (data: prompt_tokens, context_length, param)
 */
export function checkContext(promptTokens: number, contextLength: number, input: 'messages' | 'prompt'): void {
  if (promptTokens >= contextLength) throw contextError(promptTokens, contextLength, input)
}
