/**
 * How a client and the owner of the data folder come to trust each other over HTTP on loopback, where a port may belong to somebody
 * else after its owner ended. Both know the token; it never travels. The owner proves first that it knows the token, for a nonce of the
 * client; then the client shows a value that is good for calls to this instance at this address and for nothing else.
 */

/** What is proved. Each names its purpose, so that no proof can stand for another. */
export const statements = {
  /** By the owner: it is this instance, at this address, and was asked with this nonce. */
  hello: (origin: string, instanceId: string, nonce: string): string => ['mlxk-hello', origin, instanceId, nonce].join('\n'),
  /** By a client, with every call. */
  call: (origin: string, instanceId: string): string => ['mlxk-call', origin, instanceId].join('\n'),
  /** By a page that was reloaded and has nothing else left. */
  reload: (origin: string, instanceId: string): string => ['mlxk-reload', origin, instanceId].join('\n'),
}

/** HMAC-SHA-256 as base64url, and nonces; by WebCrypto or by Node, whichever the place has. */
export interface Prover {
  prove: (token: string, statement: string) => Promise<string>
  /** 256 random bits as base64url. */
  nonce: () => string
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** Works on https and on loopback, where browsers offer WebCrypto, and on Node 20. */
export const webProver: Prover = {
  prove: async (token, statement) => {
    const encoder = new TextEncoder()
    const hash = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', encoder.encode(token), hash, false, ['sign'])
    return toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(statement))))
  },
  nonce: () => toBase64Url(crypto.getRandomValues(new Uint8Array(32))),
}
