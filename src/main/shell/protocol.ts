import { securityHeaders, serveFile } from '../server/http'

export const SCHEME = 'mlxk'
export const HOST = 'app'
export const ORIGIN = `${SCHEME}://${HOST}`

/** For `protocol.registerSchemesAsPrivileged`, once, before the app is ready. */
export const SCHEME_PRIVILEGES = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
}

/** Scheme and host are ours; a port or credentials are not. */
export function isOwnUrl(url: string): boolean {
  try {
    const { protocol, hostname, port, username, password } = new URL(url)
    return protocol === `${SCHEME}:` && hostname === HOST && port === '' && username === '' && password === ''
  } catch {
    return false
  }
}

/** Serves the built renderer under our scheme, with the same rules and headers as the control port: GET and HEAD only. */
export function createAssetHandler(root: string): (request: { method: string; url: string }) => Promise<Response> {
  const refuse = (status: number): Response => new Response(null, { status, headers: { ...securityHeaders } })
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    return isOwnUrl(url) ? serveFile(root, new URL(url).pathname, method === 'HEAD') : refuse(404)
  }
}
