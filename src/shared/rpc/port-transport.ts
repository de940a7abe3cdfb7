import type { SerializedError } from '../errors'
import type { Frame, Transport } from './frames'
import { isMessage, WINDOW, type PortLike, type ToClient, type ToServer } from './port'

const lost: SerializedError = {
  code: 'connection_lost',
  message: 'The connection to MLX Knife was lost.',
  hint: 'Reload the window, or start MLX Knife again.',
}
const cancelled: SerializedError = { code: 'cancelled', message: 'The call was cancelled.' }

/** Frames that have come and were not yet taken. Ends itself after an `error` or `end` frame. */
function createInbox(onTaken: () => void): {
  push: (frame: Frame) => void
  take: () => Promise<Frame | null>
} {
  const frames: Frame[] = []
  let waiting: ((frame: Frame | null) => void) | null = null
  let closed = false
  return {
    push: (frame) => {
      if (closed) return
      closed = frame.type !== 'data'
      if (waiting === null) frames.push(frame)
      else {
        const resolve = waiting
        waiting = null
        if (frame.type === 'data') onTaken()
        resolve(frame)
      }
    },
    take: () => {
      const frame = frames.shift()
      if (frame !== undefined) {
        if (frame.type === 'data') onTaken()
        return Promise.resolve(frame)
      }
      if (closed) return Promise.resolve(null)
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
  }
}

export interface PortTransport extends Transport {
  /** Ends the connection; calls in flight fail with `connection_lost`. */
  close: () => void
}

/** The client's end of a port. Takes the port over: nobody else may listen on it. */
export function createPortTransport(port: PortLike): PortTransport {
  const inboxes = new Map<number, (frame: Frame) => void>()
  let lastId = 0
  let closed = false

  const lose = (): void => {
    closed = true
    for (const push of inboxes.values()) push({ type: 'error', error: lost })
    inboxes.clear()
  }
  const post = (message: ToServer): void => {
    if (!closed) port.postMessage(message)
  }
  port.onmessage = ({ data }) => {
    if (!isMessage(data)) return
    const message = data as ToClient
    if (message.type === 'bye') lose()
    else inboxes.get(message.id)?.(message.frame)
  }
  port.addEventListener?.('close', lose)
  port.start?.()

  async function* open(name: string, input: unknown, signal: AbortSignal): AsyncGenerator<Frame> {
    const id = ++lastId
    let taken = 0
    const inbox = createInbox(() => {
      if (++taken % (WINDOW / 2) === 0) post({ type: 'credit', id, count: WINDOW / 2 })
    })
    const abort = (): void => {
      inboxes.delete(id)
      post({ type: 'cancel', id })
      inbox.push({ type: 'error', error: cancelled })
    }
    inboxes.set(id, inbox.push)
    let over = false
    try {
      if (closed) inbox.push({ type: 'error', error: lost })
      else if (signal.aborted) inbox.push({ type: 'error', error: cancelled })
      else post({ type: 'open', id, name, input })
      signal.addEventListener('abort', abort, { once: true })
      for (let frame = await inbox.take(); frame !== null; frame = await inbox.take()) {
        over = frame.type !== 'data'
        yield frame
        if (over) return
      }
    } finally {
      signal.removeEventListener('abort', abort)
      inboxes.delete(id)
      if (!over) post({ type: 'cancel', id })
    }
  }

  const close = (): void => {
    if (closed) return
    post({ type: 'bye' })
    lose()
    port.close()
  }
  return { open, close }
}
