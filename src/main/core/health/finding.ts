import type { Finding, FindingCode } from '../../../shared/contract'

/** Bytes for people, exact: `1,234 bytes`. */
export function formatBytes(sizeBytes: number): string {
  // Not toLocaleString: its first call costs every command 10 ms. BigInt: a header may claim any length up to 2^64.
  const grouped = String(BigInt(sizeBytes)).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${grouped} ${sizeBytes === 1 ? 'byte' : 'bytes'}`
}

/** `a, b, c and 4 more`. */
export function joinNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

/** The model would not load, or some of its bytes are wrong. Fetching the file again mends it unless said otherwise. */
export function toError(code: FindingCode, file: string | null, message: string, repairable = true): Finding {
  return { code, file, message, severity: 'error', repairable }
}

/** Only other tools stumble over it. */
export function toWarning(code: FindingCode, file: string | null, message: string, repairable = true): Finding {
  return { code, file, message, severity: 'warning', repairable }
}
