import { AppError } from '../../../shared/errors'
import { readVariable, type Env } from '../system'

export const DEFAULT_ENDPOINT = 'https://huggingface.co'
const TRUE = /^(1|on|yes|true)$/i

export interface HubPlace {
  /** Origin and, for mirrors, a path; without a slash at its end. */
  endpoint: string
  /** Why no connection may be made, as a sentence; null when it may. */
  offline: string | null
}

/** Addresses that only lead back to this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/**
 * Which Hub, and whether it may be asked: huggingface_hub's `HF_ENDPOINT`, `HF_HUB_OFFLINE` and `TRANSFORMERS_OFFLINE`.
 * @throws AppError invalid_setting: not an address, or one over which a token would travel in the clear
 */
export function readPlace(env: Env): HubPlace {
  const given = readVariable(env, 'HF_ENDPOINT')
  const variable = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((name) => TRUE.test(readVariable(env, name) ?? ''))
  const offline = variable === undefined ? null : `${variable} is set`
  if (given === undefined) return { endpoint: DEFAULT_ENDPOINT, offline }
  const refuse = (why: string): AppError =>
    new AppError('invalid_setting', `HF_ENDPOINT is ${JSON.stringify(given)}: ${why}.`, {
      hint: `Unset it to use ${DEFAULT_ENDPOINT}.`,
    })
  let url: URL
  try {
    url = new URL(given)
  } catch (cause) {
    throw refuse(`it is no address (${cause instanceof Error ? 'it cannot be read as a URL' : 'unknown'})`)
  }
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!safe) throw refuse('it has to begin with https://')
  if (url.username !== '' || url.password !== '') throw refuse('a name and password do not belong into it; use HF_TOKEN')
  return { endpoint: (url.origin + url.pathname).replace(/\/+$/, ''), offline }
}
