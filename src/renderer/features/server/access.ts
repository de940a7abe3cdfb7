const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** True for an address that other machines reach. */
export function isNetworkHost(host: string): boolean {
  return !loopback.has(host) && !host.startsWith('127.')
}

export function isExposed(hosts: readonly string[]): boolean {
  return hosts.some(isNetworkHost)
}

export const LOCAL_HOST = '127.0.0.1'
export const NETWORK_HOST = '0.0.0.0'

/** A port that was typed, or null when it is none. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text.trim())) return null
  const port = Number(text)
  return port <= 65_535 ? port : null
}
