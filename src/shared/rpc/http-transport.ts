import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { AppError, isCancellation, toSerializedError, type SerializedError } from '../errors'
import type { Frame, Transport } from './frames'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpTransportOptions {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  baseUrl: string
  token: string
  fetch?: Fetch
}

const unreachable = (cause?: unknown): SerializedError =>
  toSerializedError(
    new AppError('connection_lost', 'The connection to MLX Knife was lost.', {
      hint: 'See that it still runs, then try again.',
      cause,
    }),
  )

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSerializedError(value: unknown): value is SerializedError {
  if (typeof value !== 'object' || value === null) return false
  const error = value as { code?: unknown; message?: unknown }
  return typeof error.code === 'string' && typeof error.message === 'string'
}

/** One SSE message as a frame, or null when it is none of ours. */
function toFrame(message: EventSourceMessage): Frame | null {
  const data = parse(message.data)
  if (message.event === 'data') return data === undefined ? null : { type: 'data', data }
  if (message.event === 'error') return { type: 'error', error: isSerializedError(data) ? data : unreachable() }
  return message.event === 'end' ? { type: 'end' } : null
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const frames: Frame[] = []
  const parser = createParser({
    onEvent: (message) => {
      const frame = toFrame(message)
      if (frame !== null) frames.push(frame)
    },
  })
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* frames.splice(0)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function* readAnswer(response: Response): AsyncGenerator<Frame> {
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream') && response.body !== null) {
    yield* readEvents(response.body)
    return
  }
  const body = parse(await response.text())
  if (response.ok && body !== undefined) {
    yield { type: 'data', data: body }
    yield { type: 'end' }
    return
  }
  const error = typeof body === 'object' && body !== null ? (body as { error?: unknown }).error : undefined
  yield { type: 'error', error: isSerializedError(error) ? error : unreachable() }
}

/** The client's end of the control port: one POST per call, answered as JSON (methods) or as server-sent events (streams). */
export function createHttpTransport({
  baseUrl,
  token,
  fetch = globalThis.fetch.bind(globalThis),
}: HttpTransportOptions): Transport {
  async function* open(name: string, input: unknown, signal: AbortSignal): AsyncGenerator<Frame> {
    // Ours, so that leaving the iteration closes the connection even when the caller's signal lives on.
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    let over = false
    try {
      const response = await fetch(`${baseUrl}/rpc/${encodeURIComponent(name)}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify(input),
        signal: controller.signal,
      })
      for await (const frame of readAnswer(response)) {
        over = frame.type !== 'data'
        yield frame
        if (over) return
      }
      yield { type: 'error', error: unreachable() }
    } catch (error) {
      const cancelled = signal.aborted || isCancellation(error)
      yield { type: 'error', error: cancelled ? { code: 'cancelled', message: 'The call was cancelled.' } : unreachable(error) }
    } finally {
      signal.removeEventListener('abort', abort)
      if (!over) controller.abort()
    }
  }
  return { open }
}
