import type { Attachment } from '../../../shared/contract'
import type { ChatState } from './store'

export const MOST_FILES = 20
const MOST_BYTES = 1_000_000

type Problem = NonNullable<ChatState['fileProblem']>

/** What of files somebody chose or dropped can go with a question: small ones that are text. */
export async function readFiles(
  chosen: readonly File[],
  there: readonly Attachment[],
): Promise<{ files: Attachment[]; problem: Problem | null }> {
  const files = [...there]
  let problem: Problem | null = null
  for (const file of chosen) {
    const name = file.name.slice(-255) || 'file'
    if (files.length >= MOST_FILES) return { files, problem: { name, reason: 'too_many' } }
    if (file.size > MOST_BYTES) {
      problem = { name, reason: 'too_large' }
      continue
    }
    const text = toText(new Uint8Array(await file.arrayBuffer()))
    if (text === null) problem = { name, reason: 'not_text' }
    else files.push({ name, text })
  }
  return { files, problem }
}

/** UTF-8 without a NUL is text; everything else is not for a model. */
function toText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}
