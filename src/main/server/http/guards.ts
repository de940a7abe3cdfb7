import { isIP } from 'node:net'
import { AppError } from '../../../shared/errors'

export interface GuardRules {
  /** Host names or addresses besides loopback under which this server may be called, e.g. the bound host. No ports. */
  hosts: readonly string[]
  /** Web origins that may call, e.g. `https://chat.example`; `*` allows every one. */
  origins: readonly string[]
  /** Also allow pages served from this machine (`http://localhost:3000`) and desktop apps' own schemes. */
  localOrigins: boolean
  /** Hosts and origins come from the settings: a refusal says how to allow more. */
  fromSettings?: boolean
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])
/** Schemes of desktop apps; no web page can have such an origin. */
const appSchemes: ReadonlySet<string> = new Set(['app:', 'file:', 'tauri:', 'vscode-webview:', 'vscode-file:'])

/**
 * Refuses requests that a web page made our user's browser send. A Host that is not ours is DNS rebinding; an Origin that is not ours,
 * or a fetch that the browser itself calls cross-site, is another site's script. Programs send no Origin and pass.
 * @returns null when the request may go on, else AppError forbidden
 */
export function checkRequest(headers: Pick<Headers, 'get'>, rules: GuardRules): AppError | null {
  const host = headers.get('host')
  if (host === null || !isAllowedHost(hostnameOf(host), rules.hosts)) {
    return new AppError('forbidden', 'This server does not answer under the host name of the request.', {
      hint:
        rules.fromSettings === true
          ? 'Call it by its address, or allow the name: mlxk config set server.allowed_hosts NAME'
          : 'Call it as 127.0.0.1 or localhost.',
    })
  }
  const origin = headers.get('origin')
  const refused =
    origin === null
      ? headers.get('sec-fetch-site') === 'cross-site' && headers.get('sec-fetch-mode') !== 'navigate'
      : !isAllowedOrigin(origin, host, rules)
  if (!refused) return null
  return new AppError('forbidden', `Web pages of ${origin ?? 'another site'} may not call this server.`, {
    hint:
      rules.fromSettings === true
        ? `To permit it: mlxk config set server.allowed_origins ${origin ?? 'ORIGIN'}`
        : 'Open the page of MLX Knife itself: "mlxk ui".',
  })
}

function isAllowedHost(hostname: string, hosts: readonly string[]): boolean {
  if (loopback.has(hostname)) return true
  return hosts.some((own) => {
    // An address literal cannot be rebound, so a server on all addresses may be called by any of them.
    if (wildcards.has(own)) return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
    return own.toLowerCase() === hostname || `[${own.toLowerCase()}]` === hostname
  })
}

function isAllowedOrigin(origin: string, host: string, rules: GuardRules): boolean {
  if (rules.origins.includes('*') || rules.origins.includes(origin)) return true
  const url = parseOrigin(origin)
  if (url === null) return false
  if (url.protocol === 'http:' && url.host === host.toLowerCase()) return true
  if (!rules.localOrigins) return false
  return appSchemes.has(url.protocol) || (/^https?:$/.test(url.protocol) && loopback.has(url.hostname))
}

/** `null` (sandboxed frames, redirects) and garbage have no parsed form and are never allowed. */
function parseOrigin(origin: string): URL | null {
  try {
    return new URL(origin)
  } catch {
    return null
  }
}

/** `LOCALHOST:8080` → `localhost`, `[::1]:80` → `[::1]`. */
function hostnameOf(host: string): string {
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host.trim().toLowerCase())
  return match?.[1] ?? ''
}
