import { AppError } from '../../../shared/errors'
import { quote } from './quote'
import type { TokenState } from './types'

/** What an answer that is no success says, as far as an error needs it. */
export interface BadAnswer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** Repo that the question was about; null for searches and the like. */
  repo: string | null
  revision: string | null
  token: TokenState
  /** Where its page is, for people who have to accept terms there. */
  page: string | null
}

const MAX_WAIT_SECONDS = 3600

/**
 * Seconds after which the Hub wants to be asked again: `Retry-After` (RFC 9110: seconds or a date), or `t` of the `RateLimit` header when
 * nothing is left (`r=0`). Null when it says nothing that makes sense.
 */
export function readRetryAfter(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const after = headers['retry-after']?.trim()
  const limit = /(?:^|;)\s*r=0(?:;.*)?;\s*t=(\d{1,6})\b|;\s*t=(\d{1,6})\s*;\s*r=0\b/.exec(headers['ratelimit'] ?? '')
  // By the Hub's own clock, where it says what that shows: ours may be wrong.
  const said = Date.parse(headers['date'] ?? '')
  const sentMs = Number.isNaN(said) ? nowMs : said
  let seconds: number | null = null
  if (after !== undefined && /^\d{1,9}$/.test(after)) seconds = Number(after)
  else if (after !== undefined && !Number.isNaN(Date.parse(after))) seconds = (Date.parse(after) - sentMs) / 1000
  else if (limit !== null) seconds = Number(limit[1] ?? limit[2]) + 1
  return seconds === null ? null : Math.min(MAX_WAIT_SECONDS, Math.max(0, Math.ceil(seconds)))
}

const LOGIN = 'Log in with "mlxk login" or "hf auth login", or set HF_TOKEN.'
/** What somebody can do whose token is in the app's keychain, which this process cannot open. */
const SEALED =
  'Your token is in the keychain of the MLX Knife app, for the app alone: open the app, or log in here with "mlxk login", or set HF_TOKEN.'

function denied(answer: BadAnswer, name: string): AppError {
  const code = answer.headers['x-error-code']
  const page = answer.page === null ? '' : ` ${answer.page}`
  const { token } = answer
  const logIn = token === 'sealed' ? SEALED : LOGIN
  const data = { status: answer.status, reason: 'not_found', signed_in: token === 'sent', sealed: token === 'sealed' }
  if (code === 'GatedRepo') {
    const hint =
      token === 'sent'
        ? `Accept its terms on its page${page}, then try again.`
        : `Accept its terms on its page${page}, then: ${logIn}`
    return new AppError('access_denied', `${name} asks everybody to accept its terms first.`, {
      hint,
      data: { ...data, reason: 'gated', ...(answer.page === null ? {} : { page: answer.page }) },
    })
  }
  if (answer.headers['x-error-message']?.includes('Invalid credentials') === true)
    return new AppError('access_denied', 'The Hub does not accept this token.', {
      hint: 'It may have expired: "hf auth login" or "mlxk login" stores a new one.',
      data: { ...data, reason: 'token' },
    })
  if (answer.status === 403)
    return new AppError('access_denied', `The Hub does not allow access to ${name}.`, {
      hint: token === 'sent' ? 'Does the token have the right to read it?' : logIn,
      data: { ...data, reason: 'forbidden' },
    })
  return new AppError('access_denied', `${name} is not on the Hub, or it is private.`, {
    hint: token === 'sent' ? 'Is the name right? "mlxk search" finds models.' : `Is the name right? For a private model: ${logIn}`,
    data,
  })
}

/** The typed error of an answer that is no success (hf-hub.md §3.3: status and `X-Error-Code`). */
export function toHubError(answer: BadAnswer, nowMs: number): AppError {
  const { status, headers, repo, revision } = answer
  const name = repo === null ? 'This page' : repo
  const code = headers['x-error-code']
  const data = { status, ...(headers['x-request-id'] === undefined ? {} : { hub_request_id: headers['x-request-id'] }) }
  if (status === 429) {
    const seconds = readRetryAfter(headers, nowMs)
    const when = seconds === null ? 'in some minutes' : `in ${seconds} s`
    return new AppError('hub_rate_limited', 'The Hub has been asked too often.', {
      hint: `Try again ${when}. Who is logged in may ask more often.`,
      data: { ...data, retry_after_seconds: seconds },
    })
  }
  if (status === 404 && code === 'RevisionNotFound')
    return new AppError('revision_not_found', `${name} has no revision ${quote(revision ?? '')}.`, {
      hint: 'Its page on the Hub lists branches, tags and commits.',
      data,
    })
  if (status === 404 && code === 'EntryNotFound')
    return new AppError('hub_invalid', `A file that ${name} lists is not there.`, {
      hint: 'Try again: it may just have changed.',
      data,
    })
  if (status === 401 || status === 403 || status === 404) return denied(answer, name)
  if (status === 408 || status >= 500)
    return new AppError('hub_failed', `The Hub has a problem of its own (HTTP ${status}).`, {
      hint: 'Try again later. https://status.huggingface.co says more.',
      data: { ...data, retry_after_seconds: readRetryAfter(headers, nowMs) },
    })
  return new AppError('hub_failed', `The Hub refused the question (HTTP ${status}).`, { data })
}
