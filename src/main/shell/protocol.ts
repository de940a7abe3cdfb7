import { readFile } from 'node:fs/promises'
import { extname, isAbsolute, join, relative } from 'node:path'

export const SCHEME = 'mlxk'
export const HOST = 'app'
export const ORIGIN = `${SCHEME}://${HOST}`

/** For `protocol.registerSchemesAsPrivileged`, once, before the app is ready. */
export const SCHEME_PRIVILEGES = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
}

const MIME: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** The page talks to main over its port, so it may connect to nothing but its own files. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
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

/** The file that a path of the page means, or null when it lies outside `root` or cannot be a path. A path without extension is a view. */
export function resolveAsset(root: string, pathname: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null
  const file = join(root, extname(decoded) === '' ? 'index.html' : decoded)
  const inside = relative(root, file)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? null : file
}

/** Serves the built renderer under our scheme: GET and HEAD, only files of `root`, only known types. */
export function createAssetHandler(root: string): (request: { method: string; url: string }) => Promise<Response> {
  const refuse = (status: number): Response => new Response(null, { status, headers: HEADERS })
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405)
    if (!isOwnUrl(url)) return refuse(404)
    const file = resolveAsset(root, new URL(url).pathname)
    const type = file === null ? undefined : MIME[extname(file)]
    if (file === null || type === undefined) return refuse(404)
    try {
      const body = await readFile(file)
      const headers = { ...HEADERS, 'content-type': type, 'content-length': String(body.length) }
      return new Response(method === 'HEAD' ? null : new Uint8Array(body), { headers })
    } catch {
      return refuse(404)
    }
  }
}
