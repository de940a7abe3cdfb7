import { AppError } from '../../shared/errors'

const TOKEN_KEY = 'mlxk.token'

export interface AuthDeps {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** `sessionStorage`: the token lives as long as the tab. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  /** The fragment with `#`, e.g. `#code=…`, or an empty string. */
  readHash: () => string
  /** Takes the fragment out of the address bar and the history. */
  clearHash: () => void
}

export interface Auth {
  /** Trades a one-time code of the address for a token, else uses the token of this tab. @throws AppError unauthorized, connection_lost */
  getToken: () => Promise<string>
  /** The token was refused: forget it. */
  forget: () => void
}

const noAccess = (): AppError =>
  new AppError('unauthorized', 'This page has no access to MLX Knife.', { hint: 'Run "mlxk ui" for a new link.' })

/** The one-time code of a fragment such as `#code=abc`, or null. */
export function readCode(hash: string): string | null {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('code')
  return code === null || code === '' ? null : code
}

async function exchange(fetch: AuthDeps['fetch'], code: string): Promise<string | null> {
  let response: Response
  try {
    response = await fetch('/auth/exchange', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
  } catch (cause) {
    throw new AppError('connection_lost', 'The connection to MLX Knife was lost.', { cause })
  }
  if (!response.ok) return null
  const body: unknown = await response.json().catch(() => null)
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : null
  return typeof token === 'string' && token !== '' ? token : null
}

export function createAuth({ fetch, storage, readHash, clearHash }: AuthDeps): Auth {
  let code = readCode(readHash())
  if (code !== null) clearHash()

  return {
    getToken: async () => {
      if (code !== null) {
        const token = await exchange(fetch, code)
        // A code is good once: an answer of any kind uses it up, a lost connection does not.
        code = null
        if (token !== null) storage.setItem(TOKEN_KEY, token)
      }
      const token = storage.getItem(TOKEN_KEY)
      if (token === null) throw noAccess()
      return token
    },
    forget: () => storage.removeItem(TOKEN_KEY),
  }
}
