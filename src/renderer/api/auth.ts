import { AppError } from '../../shared/errors'
import { statements, webProver, type Prover } from '../../shared/rpc'

const TICKET_KEY = 'mlxk.ticket'

export interface AuthDeps {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /**
   * `sessionStorage`. It belongs to the address, and so to whoever listens there next: only what is worthless after this owner may lie in
   * it. The token itself stays in this page's memory.
   */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  /** The fragment with `#`, e.g. `#code=…`, or an empty string. */
  readHash: () => string
  /** Takes the fragment out of the address bar and the history. */
  clearHash: () => void
  /** `http://127.0.0.1:PORT`, where the page came from. */
  origin: string
  prover?: Prover
}

export interface Auth {
  /**
   * The token of this page; before there is one, trades the address's one-time code for it, or the ticket of the page before a reload.
   * @throws AppError unauthorized, connection_lost
   */
  getToken: () => Promise<string>
  /** Keeps a ticket for this instance of the owner, so that the page may be reloaded. */
  remember: (instanceId: string) => void
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

async function exchange(fetch: AuthDeps['fetch'], given: { code: string } | { ticket: string }): Promise<string | null> {
  let response: Response
  try {
    response = await fetch('/auth/exchange', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(given),
    })
  } catch (cause) {
    throw new AppError('connection_lost', 'The connection to MLX Knife was lost.', { cause })
  }
  if (!response.ok) return null
  const body: unknown = await response.json().catch(() => null)
  const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : null
  return typeof token === 'string' && token !== '' ? token : null
}

export function createAuth({ fetch, storage, readHash, clearHash, origin, prover = webProver }: AuthDeps): Auth {
  let code = readCode(readHash())
  let token: string | null = null
  if (code !== null) clearHash()

  const trade = async (): Promise<string | null> => {
    if (code !== null) {
      const traded = await exchange(fetch, { code })
      // A code is good once: an answer of any kind uses it up, a lost connection does not.
      code = null
      if (traded !== null) return traded
    }
    const ticket = storage.getItem(TICKET_KEY)
    return ticket === null ? null : exchange(fetch, { ticket })
  }

  return {
    getToken: async () => {
      token ??= await trade()
      if (token === null) throw noAccess()
      return token
    },
    remember: (instanceId) => {
      const own = token
      if (own === null) return
      void prover.prove(own, statements.reload(origin, instanceId)).then((ticket) => {
        if (own === token) storage.setItem(TICKET_KEY, ticket)
      })
    },
    forget: () => {
      token = null
      storage.removeItem(TICKET_KEY)
    },
  }
}
