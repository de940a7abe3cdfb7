import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in a time that says nothing about how much of a guess was right. */
export function createTokenCheck(token: string): (authorization: string | null | undefined) => boolean {
  const expected = hash(token)
  return (authorization) => {
    const given = /^Bearer ([\w-]{1,256})$/.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(hash(given), expected)
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
