import type { IpcMain, IpcMainInvokeEvent, MessageChannelMain } from 'electron'
import { PORT_MESSAGE } from '../../shared/bridge'
import { AppError } from '../../shared/errors'
import { adaptEmitterPort, servePort, type Dispatcher } from '../../shared/rpc'
import { isOwnUrl } from './protocol'

/** What is needed to know who asks. */
export interface Sender {
  /** Null when the frame is gone. `parent` is null for the page itself. */
  frame: { url: string; parent: unknown } | null
  contentsId: number
}

/** Only the page itself (no frame in it), from our scheme, in a window that we opened. */
export function isTrusted(sender: Sender, knownContents: ReadonlySet<number>): boolean {
  return sender.frame !== null && sender.frame.parent === null && isOwnUrl(sender.frame.url) && knownContents.has(sender.contentsId)
}

export interface PortServer {
  /** Ports opened from now on lead here; those of the owner before are closed, so that their pages ask for new ones. Null: no owner. */
  setOwner: (dispatcher: Dispatcher | null) => void
  close: () => void
}

export interface PortServerDeps {
  ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>
  createChannel: () => Pick<MessageChannelMain, 'port1' | 'port2'>
  /** Ids of the web contents of our own windows. */
  knownContents: ReadonlySet<number>
}

/** Gives our windows ports on which the owner answers, whether it lives in this process or behind HTTP. */
export function createPortServer({ ipcMain, createChannel, knownContents }: PortServerDeps): PortServer {
  let owner: Dispatcher | null = null
  const open = new Map<object, () => void>()

  const closeAll = (): void => {
    for (const close of open.values()) close()
    open.clear()
  }

  ipcMain.handle(PORT_MESSAGE, (event: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>) => {
    const { sender, senderFrame } = event
    if (senderFrame === null || !isTrusted({ frame: senderFrame, contentsId: sender.id }, knownContents))
      throw new AppError('forbidden', 'This page may not connect.')
    if (owner === null) throw new AppError('connection_lost', 'MLX Knife is starting.')
    const { port1, port2 } = createChannel()
    const connection = servePort(adaptEmitterPort(port1), owner)
    open.set(port1, connection.close)
    port1.on('close', () => open.delete(port1))
    senderFrame.postMessage(PORT_MESSAGE, null, [port2])
  })

  return {
    setOwner: (dispatcher) => {
      closeAll()
      owner = dispatcher
    },
    close: () => {
      ipcMain.removeHandler(PORT_MESSAGE)
      closeAll()
    },
  }
}
