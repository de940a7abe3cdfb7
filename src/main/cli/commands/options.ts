import { InvalidArgumentError, type Command } from 'commander'
import type { SamplingParams } from '../../../shared/contract'

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** A whole number of at least 1, for an option of commander. */
export function positiveInteger(text: string): number {
  const value = number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return value
}

function wholeNumber(text: string): number {
  const value = number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number of at least 0.')
  return value
}

/** 0 takes any free port. */
export function portNumber(text: string): number {
  const value = number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.')
  return value
}

export function temperature(text: string): number {
  const value = number(text)
  if (value < 0 || value > 2) throw new InvalidArgumentError('It must be between 0 and 2.')
  return value
}

export function topP(text: string): number {
  const value = number(text)
  if (value <= 0 || value > 1) throw new InvalidArgumentError('It must be above 0 and at most 1.')
  return value
}

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds, or `90s`, `15m`, `2h`, `1d`; `never` is null. */
export function keepAlive(text: string): number | null {
  if (/^(never|forever|-1)$/i.test(text.trim())) return null
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s*([smhd]?)$/i.exec(text.trim())
  const seconds = Number(match?.[1]) * (units[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN)
  if (!(seconds <= 1e9)) throw new InvalidArgumentError('It must be a time such as 90s, 15m, 2h or never.')
  return seconds
}

/** How answers are to be, for `run` and `chat`. */
export interface AnswerOptions {
  maxTokens?: number
  temperature?: number
  topP?: number
  seed?: number
  system?: string
  reasoning: boolean
}

export function defineAnswerOptions(command: Command): Command {
  return command
    .option('--max-tokens <n>', 'longest answer in tokens (default: the whole context)', positiveInteger)
    .option('--temperature <t>', 'randomness, 0 to 2', temperature)
    .option('--top-p <p>', 'nucleus sampling, above 0 to 1', topP)
    .option('--seed <n>', 'the same seed gives the same answer', wholeNumber)
    .option('--system <text>', 'system prompt')
    .option('--no-reasoning', 'do not show what the model thinks first')
}

export function toParams(options: AnswerOptions): SamplingParams {
  return {
    ...(options.maxTokens === undefined ? {} : { max_tokens: options.maxTokens }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.topP === undefined ? {} : { top_p: options.topP }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  }
}
