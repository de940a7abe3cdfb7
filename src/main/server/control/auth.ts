import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { statements } from '../../../shared/rpc'
import { proveNow } from '../../core/ownership'

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in a time that says nothing about how much of a guess was right. */
const isSame = (given: string, expected: string): boolean => timingSafeEqual(hash(given), hash(expected))

/** Who we are, for those who know the token (shared/rpc/session.ts). */
export interface Identity {
  token: string
  instanceId: string
  /** `http://127.0.0.1:PORT`, where we listen; a proof for one address is worthless at another. */
  origin: () => string
}

export interface Gate {
  /** What we answer to a client's nonce, null when it is none. */
  hello: (nonce: unknown) => { instance_id: string; proof: string } | null
  /** Whether a call's `Authorization` is that of a client of this instance. */
  isClient: (authorization: string | null | undefined) => boolean
  /** Whether a reloaded page of this instance gives this. */
  isTicket: (ticket: string) => boolean
}

export function createGate({ token, instanceId, origin }: Identity): Gate {
  return {
    hello: (nonce) => {
      if (typeof nonce !== 'string' || !/^[\w-]{43}$/.test(nonce)) return null
      return { instance_id: instanceId, proof: proveNow(token, statements.hello(origin(), instanceId, nonce)) }
    },
    isClient: (authorization) => {
      const given = /^Bearer ([\w-]{1,256})$/.exec(authorization ?? '')?.[1]
      return given !== undefined && isSame(given, proveNow(token, statements.call(origin(), instanceId)))
    },
    isTicket: (ticket) => isSame(ticket, proveNow(token, statements.reload(origin(), instanceId))),
  }
}

export interface OneTimeCodes {
  /** A code that `use` accepts once within a minute. */
  draw: () => string
  use: (code: string) => boolean
}

const LIFETIME_MS = 60_000
/** Links that nobody opened; the oldest go first. */
const MAX_OPEN = 100

export function createOneTimeCodes(now: () => number = Date.now): OneTimeCodes {
  const open = new Map<string, number>()
  return {
    draw: () => {
      const code = randomBytes(32).toString('base64url')
      for (const oldest of open.keys()) {
        if (open.size < MAX_OPEN) break
        open.delete(oldest)
      }
      open.set(code, now() + LIFETIME_MS)
      return code
    },
    use: (code) => {
      const goodUntil = open.get(code)
      open.delete(code)
      return goodUntil !== undefined && now() < goodUntil
    },
  }
}
