import { AppError } from '../../../shared/errors'
import type { CliIo } from '../io'

/** More than any context holds; a stream that never ends must not fill the memory. */
const largestInputBytes = 16 * 1024 * 1024

/**
 * Standard input and words, joined by a blank line. Standard input is read when it is a file or a shell's pipe, when `-` asks for it, or
 * when there are no words and it is no terminal; so a program that merely leaves its pipe open does not make us wait for ever.
 * @returns null when there is nothing and a person could be asked
 * @throws AppError too_large
 */
export async function assemblePrompt(io: CliIo, words: readonly string[], option: string | undefined): Promise<string | null> {
  const named = words.includes('-')
  const rest = words.filter((word) => word !== '-')
  const given = option ?? (rest.length === 0 ? null : rest.join(' '))
  if (!named && given === null && io.stdin.isTTY) return null
  if (!named && given !== null && !io.stdinIsRedirected()) return given
  const input = (await readAll(io.stdin)).trimEnd()
  if (given === null) return input
  return input === '' ? given : `${input}\n\n${given}`
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > largestInputBytes) throw new AppError('too_large', 'Standard input is longer than 16 MB.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
