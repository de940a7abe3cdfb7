import type { IpcMain, IpcMainInvokeEvent } from 'electron'
import { REVEAL_MESSAGE } from '../../shared/bridge'
import { AppError } from '../../shared/errors'
import { isTrusted } from './ipc'

export interface RevealDeps {
  ipcMain: Pick<IpcMain, 'handle'>
  /** Ids of the web contents of our own windows. */
  knownContents: ReadonlySet<number>
  /** Absolute folder of a model's revision; null when it has none. @throws AppError as `models.show`; connection_lost without an owner */
  folderOf: (model: string) => Promise<string | null>
  /** Shows a file or folder in the system's file manager. */
  show: (path: string) => void
}

const MAX_NAME_LENGTH = 512

/** Lets our own pages show a model in the file manager. They name models; where those lie is the owner's word. */
export function serveReveal({ ipcMain, knownContents, folderOf, show }: RevealDeps): void {
  ipcMain.handle(REVEAL_MESSAGE, async (event: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>, model: unknown) => {
    if (!isTrusted({ frame: event.senderFrame, contentsId: event.sender.id }, knownContents))
      throw new AppError('forbidden', 'This page may not show files.')
    if (typeof model !== 'string' || model === '' || model.length > MAX_NAME_LENGTH)
      throw new AppError('invalid_input', 'This is no name of a model.')
    const folder = await folderOf(model)
    if (folder === null) throw new AppError('model_not_found', `${model} has no folder to show.`)
    show(folder)
  })
}
