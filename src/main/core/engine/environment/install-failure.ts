import type { ErrorCode } from '../../../../shared/errors'

export interface Explanation {
  code: Extract<ErrorCode, 'engine_install_failed' | 'disk_full'>
  sentence: string
  hint: string
}

const again = 'then run: mlxk engine install'

/**
 * Other programs say what went wrong in words only, so words are all there is to go by; the first pattern that fits decides. pip ends a
 * network failure with "no matching distribution", so that comes last.
 */
const causes: readonly (readonly [RegExp, Explanation])[] = [
  [
    /No space left on device|os error 28\b|Errno 28\b|Disk quota exceeded/i,
    { code: 'disk_full', sentence: 'The disk is full.', hint: `Free some space, ${again}` },
  ],
  [
    /DO NOT MATCH THE HASHES|hash mismatch/i,
    {
      code: 'engine_install_failed',
      sentence: 'A package is not the one that was published: its hash is another. Nothing of it was installed.',
      hint: `Look at the mirror or proxy that packages come from (PIP_INDEX_URL, UV_INDEX_URL), ${again}`,
    },
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|certificate verify failed|invalid peer certificate|self-signed certificate/i,
    {
      code: 'engine_install_failed',
      sentence: 'The certificate of the package index is not trusted.',
      hint: `Behind a proxy that opens TLS, set SSL_CERT_FILE to its certificate, ${again}`,
    },
  ],
  [
    /ProxyError|proxy (?:connect|authentication)|tunnel connection failed|\b407\b/i,
    {
      code: 'engine_install_failed',
      sentence: 'The proxy does not let the packages through.',
      hint: `Check HTTPS_PROXY and NO_PROXY, ${again}`,
    },
  ],
  [
    /name resolution|Name or service not known|nodename nor servname|getaddrinfo|dns error|failed to lookup address/i,
    {
      code: 'engine_install_failed',
      sentence: 'The package index cannot be found: this computer seems to be offline.',
      hint: `Connect to the internet, or name a mirror (PIP_INDEX_URL, UV_INDEX_URL), ${again}`,
    },
  ],
  [
    /Connection refused|Connection reset|ConnectTimeout|ReadTimeout|timed out|NewConnectionError|Network is unreachable|error sending request|ConnectionError|tcp connect error|Connection broken|IncompleteRead/i,
    {
      code: 'engine_install_failed',
      sentence: 'The connection to the package index failed.',
      hint: `Check the network (mirrors and proxies: PIP_INDEX_URL, UV_INDEX_URL, HTTPS_PROXY), ${again}`,
    },
  ],
  [
    /\b(?:401|403)\b.*(?:Unauthorized|Forbidden|error)|(?:Unauthorized|Forbidden)/i,
    {
      code: 'engine_install_failed',
      sentence: 'The package index refuses access.',
      hint: `Check the address and the password of the mirror (PIP_INDEX_URL, UV_INDEX_URL), ${again}`,
    },
  ],
  [
    /Permission denied|os error 13\b|Errno 13\b|Read-only file system/i,
    {
      code: 'engine_install_failed',
      sentence: 'A file cannot be written.',
      hint: `Check the rights of the data folder and of the folder for temporary files (TMPDIR), ${again}`,
    },
  ],
  [
    /No matching distribution|Could not find a version|not found in the package registry|no version of/i,
    {
      code: 'engine_install_failed',
      sentence: 'The package index does not have a package of the engine.',
      hint: `Check the network connection, and that a mirror (PIP_INDEX_URL, UV_INDEX_URL) is complete, ${again}`,
    },
  ],
]

/** What an installer's last lines mean, null when they say nothing known. */
export function explainFailure(lines: readonly string[]): Explanation | null {
  const text = lines.join('\n')
  return causes.find(([pattern]) => pattern.test(text))?.[1] ?? null
}
