import type { KeyScope } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'

export interface KeyRules {
  /** Ask callers on this machine as well. */
  always: boolean
  /** The scope of a presented key, null for a wrong one. Must take the same time for every wrong one. */
  check: (key: string) => KeyScope | null
}

/** What a request is judged by besides its headers. `local` is `isLocalCaller`'s word. */
export interface Caller {
  local: boolean
  headers: Pick<Headers, 'get'>
}

/** The part of Node's request that says where it came from. */
export interface Peer {
  socket: { remoteAddress?: string | undefined; localAddress?: string | undefined }
}

const ranks: Record<KeyScope, number> = { read: 1, inference: 2, admin: 3 }
const loopback = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/
/** What proxies and tunnels add: behind them sits somebody else than their own address says. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'cf-connecting-ip'] as const

/** True for a program on this machine that speaks for itself: both ends are loopback and no proxy says otherwise. */
export function isLocalCaller({ socket }: Peer, headers: Pick<Headers, 'get'>): boolean {
  const { remoteAddress = '', localAddress = '' } = socket
  return loopback.test(remoteAddress) && loopback.test(localAddress) && forwarded.every((name) => headers.get(name) === null)
}

/** What a key must allow for a request; null for what everybody may ask: whether the server lives. */
export function scopeOf(method: string, path: string): KeyScope | null {
  const plain = path.replace(/\/+$/, '') || '/'
  if (plain === '/health') return null
  if (plain === '/api/v1' || plain.startsWith('/api/v1/')) return 'admin'
  return method === 'GET' || method === 'HEAD' ? 'read' : 'inference'
}

/**
 * Whether a caller may do what needs `needed`. A program on this machine needs no key, and whatever it sends as one is not looked at,
 * since OpenAI's clients insist on sending something; the native routes are closed to web pages without an `admin` key. Everybody else
 * needs a key of enough scope, as `Authorization: Bearer` or `x-api-key`.
 * @returns null when it may, else AppError unauthorized, forbidden
 */
export function checkAccess(needed: KeyScope | null, { local, headers }: Caller, rules: KeyRules): AppError | null {
  if (needed === null) return null
  if (local && !rules.always && (needed !== 'admin' || headers.get('origin') === null)) return null
  const key = presentedKey(headers)
  const scope = key === null ? null : rules.check(key)
  if (scope === null) {
    return new AppError('unauthorized', key === null ? 'An API key is needed here.' : 'This API key is wrong or was revoked.', {
      hint: 'Send "Authorization: Bearer KEY"; "mlxk config key create NAME" makes a key.',
    })
  }
  if (ranks[scope] >= ranks[needed]) return null
  return new AppError('forbidden', `This API key has the scope "${scope}", and this needs "${needed}".`, {
    hint: `Use a key that was made with --scope ${needed}.`,
  })
}

function presentedKey(headers: Pick<Headers, 'get'>): string | null {
  const bearer = /^Bearer +(\S{1,512})$/i.exec(headers.get('authorization')?.trim() ?? '')?.[1]
  const other = headers.get('x-api-key')?.trim() ?? ''
  return bearer ?? (other === '' || other.length > 512 ? null : other)
}
