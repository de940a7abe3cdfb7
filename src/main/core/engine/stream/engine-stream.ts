import { request, type IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import { AppError } from '../../../../shared/errors'
import type { EngineChunk, EngineLease, EnginePath, EngineStreamEvent } from '../types'
import { engineError } from './engine-error'

const maxErrorBytes = 64 * 1024
const maxEventBytes = 8 * 1024 * 1024
/** A dying engine resets its sockets a moment before its exit is known; waiting for it gives the error that has the reason. */
const deathGraceMs = 1000

/**
 * Sends one request to a leased engine and yields what it streams. Adds `stream` and `stream_options.include_usage` itself; `body` is
 * the rest (never `model`, never null values). Ends after `[DONE]`; leaving the loop or aborting closes the socket, which is how the
 * engine is told to stop.
 * Dialect: text in `delta.content`, thinking in `delta.reasoning`, the usage chunk has no choices.
 * @throws AppError context_length_exceeded (data: prompt_tokens, context_length), invalid_request (data: param), engine_crashed, cancelled
 */
export async function* openEngineStream(
  lease: Pick<EngineLease, 'url' | 'token' | 'died' | 'watch'>,
  path: EnginePath,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): AsyncGenerator<EngineStreamEvent, void, void> {
  throwIfAborted(signal)
  const connection = connect(
    lease,
    path,
    JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  )
  const watch = lease.watch?.()
  try {
    const response = await connection.response
    if (response.statusCode !== 200)
      throw engineError(response.statusCode ?? 0, await readBounded(response), path === '/v1/completions' ? 'prompt' : 'messages')
    const reader = createReader(response, () => watch?.beat())
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      for (const event of batch) {
        throwIfAborted(signal)
        yield event
      }
    }
    if (reader.isWhole()) return
    throw new AppError('engine_crashed', 'The engine ended the answer in the middle.', {
      hint: 'Try again; the log has the reason.',
    })
  } catch (error) {
    // It is over, and no hang, however long the reason takes.
    watch?.end()
    throwIfAborted(signal)
    throw await explain(error, lease.died)
  } finally {
    watch?.end()
    connection.close()
  }
}

function connect(
  lease: Pick<EngineLease, 'url' | 'token'>,
  path: EnginePath,
  json: string,
  signal: AbortSignal,
): { response: Promise<IncomingMessage>; close: () => void } {
  const payload = Buffer.from(json)
  const outgoing = request(lease.url + path, {
    method: 'POST',
    agent: false,
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': payload.length,
      Connection: 'close',
      'X-Engine-Token': lease.token,
    },
  })
  outgoing.setNoDelay(true)
  const abort = (): void => void outgoing.destroy(new AppError('cancelled', 'The request was cancelled.'))
  signal.addEventListener('abort', abort, { once: true })
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    // Stays after the response: a socket error then also shows in the response, but must never be unhandled here.
    outgoing.on('error', reject)
  })
  outgoing.end(payload)
  return {
    response,
    close: () => {
      signal.removeEventListener('abort', abort)
      outgoing.destroy()
    },
  }
}

/** So many events wait at most for a reader that is slow; then the engine has to wait. */
const maxWaiting = 64

interface Reader {
  /** What has come since the last time, at least one event; null at the end. Rejects with what broke the stream. */
  next: () => Promise<EngineStreamEvent[] | null>
  /** It ended as it should, with `[DONE]`. */
  isWhole: () => boolean
}

/** Listens instead of iterating over the response: that costs a promise and a turn for every token. */
function createReader(response: IncomingMessage, onBytes: () => void): Reader {
  let events: EngineStreamEvent[] = []
  let done = false
  let ended = false
  let failure: unknown = null
  let wake: () => void = () => {}
  const parser = createParser({
    maxBufferSize: maxEventBytes,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw new AppError('engine_crashed', 'The engine sent an endless event.')
    },
    onComment: (comment) => {
      const progress = parseProgress(comment)
      if (progress !== null) events.push(progress)
    },
    onEvent: ({ data }) => {
      if (data === '[DONE]') done = true
      else events.push({ type: 'chunk', chunk: parseChunk(data) })
    },
  })
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    onBytes()
    try {
      parser.feed(text)
    } catch (error) {
      failure ??= error
    }
    if (events.length > maxWaiting) response.pause()
    wake()
  })
  response.on('end', () => {
    ended = true
    wake()
  })
  response.on('error', (error) => {
    failure ??= error
    wake()
  })
  response.on('close', () => {
    ended = true
    wake()
  })
  const next: Reader['next'] = async () => {
    for (;;) {
      if (events.length > 0) {
        const batch = events
        events = []
        if (batch.length > maxWaiting) response.resume()
        return batch
      }
      if (failure !== null) throw failure
      if (done || ended) return null
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { next, isWhole: () => done }
}

/** `keepalive 2048/9000`, an SSE comment that mlx_lm sends while it reads the prompt. */
function parseProgress(comment: string): EngineStreamEvent | null {
  const match = /^keepalive (\d+)\/(\d+)$/.exec(comment.trim())
  return match === null ? null : { type: 'progress', done: Number(match[1]), total: Number(match[2]) }
}

function parseChunk(data: string): EngineChunk {
  let chunk: unknown = null
  try {
    chunk = JSON.parse(data)
  } catch {
    // Falls through to the same error as any other foreign shape.
  }
  if (isChunk(chunk)) return chunk
  throw new AppError('engine_crashed', 'The engine sent something that is not an answer.')
}

function isChunk(value: unknown): value is EngineChunk {
  return typeof value === 'object' && value !== null && 'choices' in value && Array.isArray(value.choices)
}

async function readBounded(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response as AsyncIterable<string>) {
    text += part
    if (text.length > maxErrorBytes) break
  }
  return text.slice(0, maxErrorBytes)
}

async function explain(failure: unknown, died: Promise<never>): Promise<unknown> {
  if (failure instanceof AppError && failure.code !== 'engine_crashed') return failure
  let timer: NodeJS.Timeout | undefined
  const grace = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, deathGraceMs, null)
  })
  const death: unknown = await Promise.race([died, grace]).catch((reason: unknown) => reason)
  clearTimeout(timer)
  if (death instanceof AppError) return death
  if (failure instanceof AppError) return failure
  return new AppError('engine_crashed', 'The connection to the engine broke off.', { hint: 'Try again.', cause: failure })
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'The request was cancelled.')
}
