import { createHmac, randomBytes } from 'node:crypto'
import type { Prover } from '../../../shared/rpc'

/** By Node's own means: Electron's main process may have no WebCrypto. */
export const nodeProver: Prover = {
  prove: (token, statement) => Promise.resolve(proveNow(token, statement)),
  nonce: () => randomBytes(32).toString('base64url'),
}

/** HMAC-SHA-256 as base64url. */
export function proveNow(token: string, statement: string): string {
  return createHmac('sha256', token).update(statement).digest('base64url')
}
