import { isMessage, WINDOW, type PortLike, type ToClient } from './port'
import type { Dispatcher } from './dispatch'
import type { Frame } from './frames'

interface Call {
  controller: AbortController
  credit: number
  /** Set while the call waits for its consumer. */
  resume: (() => void) | null
}

/**
 * The owner's end of a port: many calls at once, told apart by id. When the port closes, the page navigates or `close` is called, all
 * its calls are aborted.
 */
export function servePort(port: PortLike, dispatcher: Dispatcher): { close: () => void } {
  const calls = new Map<number, Call>()
  let closed = false

  const post = (message: ToClient): void => {
    if (!closed) port.postMessage(message)
  }
  const cancel = (id: number): void => {
    const call = calls.get(id)
    calls.delete(id)
    call?.controller.abort()
    call?.resume?.()
  }
  const end = (): void => {
    if (closed) return
    closed = true
    for (const id of calls.keys()) cancel(id)
  }

  const send = async (id: number, call: Call, frame: Frame): Promise<void> => {
    if (frame.type === 'data' && call.credit-- <= 0) {
      await new Promise<void>((resolve) => {
        call.resume = resolve
      })
      call.resume = null
    }
    if (!call.controller.signal.aborted) post({ type: 'frame', id, frame })
  }

  const answer = async (id: number, name: string, input: unknown): Promise<void> => {
    const call: Call = { controller: new AbortController(), credit: WINDOW, resume: null }
    calls.set(id, call)
    try {
      for await (const frame of dispatcher(name, input, call.controller.signal)) {
        await send(id, call, frame)
        if (call.controller.signal.aborted) break
      }
    } catch {
      // Only postMessage can throw here: an answer that cannot be cloned, or a port that went away a moment ago.
      call.controller.abort()
      const error = { code: 'internal', message: 'The answer could not be sent.' } as const
      try {
        post({ type: 'frame', id, frame: { type: 'error', error } })
      } catch {
        end()
      }
    } finally {
      if (calls.get(id) === call) calls.delete(id)
    }
  }

  port.onmessage = ({ data }) => {
    if (closed || !isMessage(data)) return
    if (data.type === 'bye') {
      end()
      return
    }
    const { id } = data
    if (typeof id !== 'number') return
    if (data.type === 'open' && typeof data['name'] === 'string' && !calls.has(id)) void answer(id, data['name'], data['input'])
    if (data.type === 'cancel') cancel(id)
    if (data.type === 'credit') {
      const call = calls.get(id)
      if (call === undefined || typeof data['count'] !== 'number') return
      call.credit += Math.min(Math.max(0, data['count']), WINDOW)
      call.resume?.()
    }
  }
  port.addEventListener?.('close', end)
  port.start?.()

  return {
    close: () => {
      if (closed) return
      post({ type: 'bye' })
      end()
      port.close()
    },
  }
}
