import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, toErrno } from '../../../shared/errors'
import { expandPath, toFileError, writePrivateFile, type Env } from '../../core/system'
import { renderConversation, type Conversation } from './conversation'

/**
 * Writes the talk as a whole, for this user only. A file that this chat did not write is not replaced.
 * @returns the file's absolute path
 * @throws AppError invalid_input (there already, no such folder), permission_denied, disk_full
 */
export async function saveConversation(
  conversation: Conversation,
  typed: string,
  { home, env, saved }: { home: string; env: Env; saved: Set<string> },
): Promise<string> {
  const file = expandPath(typed, env, home)
  if (existsSync(file) && !saved.has(file)) {
    throw new AppError('invalid_input', `${file} is there already, and is left alone.`, { hint: 'Choose another name.' })
  }
  const folder = join(file, '..')
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new AppError('invalid_input', `There is no folder ${folder}.`, { hint: 'Choose a folder that is there.' })
  }
  try {
    await writePrivateFile(file, renderConversation(conversation, file, new Date()))
  } catch (error) {
    const known = toFileError(error, file)
    if (known instanceof AppError) throw known
    throw new AppError('invalid_input', `${file} cannot be written (${toErrno(error) ?? 'unknown reason'}).`, { cause: error })
  }
  saved.add(file)
  return file
}
