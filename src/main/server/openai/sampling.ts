import type { SamplingParams } from '../../../shared/contract'

type Sampling = { [K in keyof Omit<SamplingParams, 'stop'>]: SamplingParams[K] | undefined } & {
  stop?: string | string[] | undefined
}

const names = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'seed',
] as const satisfies readonly (keyof SamplingParams)[]

/** What of a request is about sampling, in the contract's form. */
export function toParams(request: Sampling, maxTokens: number | undefined): SamplingParams {
  const params: SamplingParams = {}
  for (const name of names) {
    const value = request[name]
    if (value !== undefined) params[name] = value
  }
  if (maxTokens !== undefined) params.max_tokens = maxTokens
  const { stop } = request
  if (stop !== undefined) params.stop = typeof stop === 'string' ? [stop] : stop
  return params
}
