import { AppError, uiErrors } from '../../shared/errors'
import type { Owner } from './owner'
import type { TrayActions } from './tray-menu'

export interface ActionDeps {
  owner: () => Owner | null
  copyText: (text: string) => void
  /** Tells what went wrong, without taking the focus. */
  notify: (title: string, body: string) => void
  open: TrayActions['open']
  quit: () => void
}

const toAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('internal', error instanceof Error ? error.message : 'Something went wrong.')

/** The menu's entries as calls of the contract. What fails is told in the words of the window. */
export function createTrayActions({ owner, copyText, notify, open, quit }: ActionDeps): TrayActions {
  const attempt = async (work: (owner: Owner) => Promise<unknown>): Promise<void> => {
    const current = owner()
    if (current === null) return
    try {
      await work(current)
    } catch (cause) {
      const error = toAppError(cause)
      if (error.code === 'cancelled') return
      notify(uiErrors[error.code].title, error.hint === undefined ? error.message : `${error.message} ${error.hint}`)
    }
  }
  return {
    copyText,
    open,
    quit,
    load: (model) =>
      void attempt(async ({ client }) => {
        // The stream tells of states that the tray sees anyway; its end is what counts.
        for await (const _ of client.stream('models.load', { model })) void _
      }),
    unload: (model) => void attempt(({ client }) => client.call('models.unload', { model })),
    startServer: () => void attempt(({ client }) => client.call('server.start', {})),
    stopServer: () => void attempt(({ client }) => client.call('server.stop', {})),
  }
}
