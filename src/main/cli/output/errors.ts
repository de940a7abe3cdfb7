import type { SerializedError } from '../../../shared/errors'
import type { Paint } from './paint'
import { safeLine } from './text'

const mostMatches = 10

/** An error for people: one line that says what, one that says what to do, and the candidates or revisions to choose from. Never a stack. */
export function renderError(error: SerializedError, program: string, command: string | null, paint: Paint): string {
  const lines = [`${paint.red(command === null ? program : `${program} ${command}`)}: ${safeLine(error.message)}`]
  const matches = error.data?.['matches']
  if (Array.isArray(matches)) {
    for (const match of matches.slice(0, mostMatches)) lines.push(`  ${safeLine(String(match))}`)
    if (matches.length > mostMatches) lines.push(`  … and ${matches.length - mostMatches} more`)
  }
  const hashes = error.data?.['available_hashes']
  if (Array.isArray(hashes)) {
    for (const hash of hashes.slice(0, mostMatches)) lines.push(`  @${safeLine(String(hash).slice(0, 12))}`)
    if (hashes.length > mostMatches) lines.push(`  … and ${hashes.length - mostMatches} more`)
  }
  if (error.hint !== undefined) lines.push(`  ${paint.dim(safeLine(error.hint))}`)
  return `${lines.join('\n')}\n`
}

/** `mlxk pull: cancelled`, and the hint when there is something to say. */
export function renderCancelled({ hint }: SerializedError, program: string, command: string | null, paint: Paint): string {
  const line = `${paint.yellow(command === null ? program : `${program} ${command}`)}: cancelled\n`
  return hint === undefined ? line : `${line}  ${safeLine(hint)}\n`
}
