import { describe, expect, it } from 'vitest'
import { explainFailure } from './install-failure'

/** Lines as pip 23 to 25 and uv 0.13 print them. */
const said: [string, string, string][] = [
  ['pip, no room', 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', 'disk is full'],
  ['uv, no room', 'error: failed to write to file `/x`: No space left on device (os error 28)', 'disk is full'],
  ['pip, another file', 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', 'hash'],
  ['uv, another file', 'error: Hash mismatch for `mlx==0.32.4`', 'hash'],
  ['pip, certificate', 'SSLError(SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]"))', 'certificate'],
  ['uv, certificate', 'Caused by: invalid peer certificate: UnknownIssuer', 'certificate'],
  ['pip, proxy', "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", 'proxy'],
  [
    'pip, offline',
    'NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',
    'offline',
  ],
  ['uv, offline', 'Caused by: dns error: failed to lookup address information', 'offline'],
  ['pip, refused', 'NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused', 'connection'],
  ['uv, refused', 'error: error sending request for url', 'connection'],
  ['pip, slow', 'ReadTimeoutError: Read timed out. (read timeout=15)', 'connection'],
  ['pip, no access', 'ERROR: HTTP error 403 while getting https://x: 403 Client Error: Forbidden', 'access'],
  ['rights', "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", 'written'],
  ['pip, incomplete mirror', 'ERROR: No matching distribution found for mlx==0.32.4', 'does not have'],
]

describe('what an installer says', () => {
  it.each(said)('%s', (_what, line, word) => {
    // pip says this after every failure of the network too.
    const lines = ['Collecting mlx==0.32.4', line, 'ERROR: No matching distribution found for mlx==0.32.4']
    const found = explainFailure(lines)
    expect(found?.sentence).toContain(word)
    expect(found?.hint).toContain('mlxk engine install')
    expect(found?.code).toBe(word === 'disk is full' ? 'disk_full' : 'engine_install_failed')
  })

  it('says nothing about what it does not know', () => {
    expect(explainFailure(['error: something else'])).toBeNull()
  })
})
