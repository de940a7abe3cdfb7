import { PORT_MESSAGE, type Bridge } from '../../shared/bridge'
import { AppError, type SerializedError } from '../../shared/errors'
import { createHttpTransport, createPortTransport, type Transport } from '../../shared/rpc'
import type { Auth } from './auth'

/** A live way to the owner. `close` gives it back. */
export interface Link {
  transport: Transport
  close: () => void
}

export type OpenLink = () => Promise<Link>

const PORT_TIMEOUT_MS = 10_000

/** In Electron: asks the preload for a port and waits for the window message that carries it. */
export function createBridgeLink(bridge: Bridge, target: Window): OpenLink {
  return () =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        target.removeEventListener('message', onMessage)
      }
      const fail = (cause?: unknown): void => {
        end()
        reject(new AppError('connection_lost', 'The window got no connection to MLX Knife.', { cause }))
      }
      const onMessage = (event: MessageEvent): void => {
        const port = event.ports[0]
        // Only the preload can post with this window as the source; frames and other windows cannot.
        if (event.source !== target || event.data !== PORT_MESSAGE || port === undefined) return
        end()
        const transport = createPortTransport(port)
        resolve({ transport, close: transport.close })
      }
      const timer = setTimeout(fail, PORT_TIMEOUT_MS)
      target.addEventListener('message', onMessage)
      bridge.openPort().catch(fail)
    })
}

/** In a browser: HTTP to where the page came from. Every link lets whoever listens there prove anew that it is the owner. */
export function createHttpLink(baseUrl: string, auth: Pick<Auth, 'getToken' | 'remember'>): OpenLink {
  return async () => {
    const token = await auth.getToken()
    return { transport: createHttpTransport({ baseUrl, token, onInstance: auth.remember }), close: () => undefined }
  }
}

const lost: SerializedError = { code: 'connection_lost', message: 'The connection to MLX Knife was lost.' }

/** One transport for the whole life of the window; what is behind it may change. */
export function createSwitch(): { transport: Transport; set: (link: Link | null) => void } {
  let link: Link | null = null
  return {
    transport: {
      open: (name, input, signal) => {
        if (link !== null) return link.transport.open(name, input, signal)
        return (async function* () {
          yield { type: 'error' as const, error: lost }
        })()
      },
    },
    set: (next) => {
      link = next
    },
  }
}
