import { readFile } from 'node:fs/promises'
import { extname, isAbsolute, join, relative } from 'node:path'
import { toErrno } from '../../../shared/errors'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** The page may load nothing that did not come from us, and be framed by nobody. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; " +
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** The file that a URL's path means, or null when it would lie outside `root`. A path without an extension is a view of the page. */
function resolveAsset(root: string, pathname: string): string | null {
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

function cacheRule(file: string): string {
  if (file.endsWith('.html')) return 'no-store'
  // The build names everything in assets/ by its content.
  return /[\\/]assets[\\/]/.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache'
}

const plain = (status: number, text: string): Response =>
  new Response(`${text}\n`, {
    status,
    headers: { ...securityHeaders, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })

/** Answers GET and HEAD with the built page in `root`: only files inside it, only known types. For the control port and the app's own scheme. */
export async function serveFile(root: string, pathname: string, head: boolean): Promise<Response> {
  const file = resolveAsset(root, pathname)
  const type = file === null ? undefined : types[extname(file)]
  if (file === null || type === undefined) return plain(404, 'Not found')
  try {
    const bytes = await readFile(file)
    const headers = {
      ...securityHeaders,
      'content-type': type,
      'content-length': String(bytes.byteLength),
      'cache-control': cacheRule(file),
    }
    return new Response(head ? null : new Uint8Array(bytes), { status: 200, headers })
  } catch (error) {
    if (file.endsWith('index.html'))
      return plain(503, 'The interface of MLX Knife is not built. Run "npm run build" in its folder.')
    return toErrno(error) === 'ENOENT' || toErrno(error) === 'EISDIR'
      ? plain(404, 'Not found')
      : plain(500, 'This file cannot be read')
  }
}
