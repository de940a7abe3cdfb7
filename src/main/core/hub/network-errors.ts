import { AppError, isCancellation, toErrno } from '../../../shared/errors'

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS/

/** What can be told about a connection that failed, by its code. */
function describe(code: string, host: string, proxied: boolean): { message: string; hint: string; kind: string } {
  const via = proxied ? ' through the proxy' : ''
  const check = proxied ? 'Check HTTPS_PROXY and the network.' : 'Check the network. Behind a proxy, set HTTPS_PROXY.'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { kind: 'dns', message: `The name ${host} cannot be found${via}.`, hint: check }
  if (CERTIFICATE.test(code))
    return {
      kind: 'certificate',
      message: `The certificate of ${host} cannot be trusted (${code}).`,
      hint: 'If your network has a certificate of its own, name its file in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS.',
    }
  if (code === 'ECONNREFUSED') return { kind: 'refused', message: `${host} accepts no connections${via}.`, hint: check }
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return { kind: 'timeout', message: `${host} does not answer${via}.`, hint: check }
  return { kind: 'lost', message: `The connection to ${host} was lost${via} (${code}).`, hint: check }
}

/** The code of a failure, or of what caused it: undici wraps the system's errors. */
function findCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = toErrno(at)
    if (code !== null && code !== 'UND_ERR') return code
    if (at instanceof AggregateError) {
      const inner = at.errors.map(toErrno).find((found) => found !== null)
      if (inner !== undefined && inner !== null) return inner
    }
  }
  return 'unknown'
}

/** Turns what a transport throws into `network_failed`; our own errors and cancellations pass as they are. */
export function toNetworkError(error: unknown, host: string, proxied: boolean): unknown {
  if (error instanceof AppError || isCancellation(error)) return error
  const { message, hint, kind } = describe(findCode(error), host, proxied)
  return new AppError('network_failed', message, { hint, data: { kind }, cause: error })
}
