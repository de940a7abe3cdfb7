import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { AppError, isCancellation, toSerializedError, type SerializedError } from '../errors'
import type { Frame, Transport } from './frames'
import { statements, webProver, type Prover } from './session'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpTransportOptions {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  baseUrl: string
  /** Never sent: both sides prove that they know it (session.ts). */
  token: string
  fetch?: Fetch
  prover?: Prover
  /** Who answers, each time that it has proved itself. */
  onInstance?: (instanceId: string) => void
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

/** What somebody who listens at our port says of itself; null when it is not even that. */
async function readHello(response: Response): Promise<{ instanceId: string; proof: string } | null> {
  const body = response.ok ? parse(await response.text()) : null
  if (typeof body !== 'object' || body === null || !('instance_id' in body) || !('proof' in body)) return null
  const { instance_id: instanceId, proof } = body
  return typeof instanceId === 'string' && typeof proof === 'string' ? { instanceId, proof } : null
}

/**
 * The client's end of the control port: one POST per call, answered as JSON (methods) or as server-sent events (streams). Nothing that
 * could be used elsewhere is sent, and no input at all before whoever listens has proved that it is the owner.
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const { baseUrl, token, prover = webProver, onInstance } = options
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
  let known: string | null = null

  const post = (path: string, body: unknown, signal: AbortSignal, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(body),
      signal,
    })

  /** Asks who listens; the proof that our calls carry. Null: not the owner, whoever it is. */
  const greet = async (signal: AbortSignal): Promise<string | null> => {
    const nonce = prover.nonce()
    const hello = await readHello(await post('/auth/hello', { nonce }, signal))
    if (hello === null) return null
    const { instanceId, proof } = hello
    if (proof !== (await prover.prove(token, statements.hello(baseUrl, instanceId, nonce)))) return null
    onInstance?.(instanceId)
    return prover.prove(token, statements.call(baseUrl, instanceId))
  }

  /** Null: nobody to send it to. */
  const send = async (name: string, input: unknown, signal: AbortSignal): Promise<Response | null> => {
    for (;;) {
      const before = known
      known ??= await greet(signal)
      if (known === null) return null
      const headers = { authorization: `Bearer ${known}` }
      const response = await post(`/rpc/${encodeURIComponent(name)}`, input, signal, headers)
      // Another instance has come to the same port since: it must prove itself, too.
      if (response.status !== 401 || before === null) return response
      await response.body?.cancel()
      known = null
    }
  }

  async function* open(name: string, input: unknown, signal: AbortSignal): AsyncGenerator<Frame> {
    // Ours, so that leaving the iteration closes the connection even when the caller's signal lives on.
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    let over = false
    try {
      const response = await send(name, input, controller.signal)
      if (response !== null) {
        for await (const frame of readAnswer(response)) {
          over = frame.type !== 'data'
          yield frame
          if (over) return
        }
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
