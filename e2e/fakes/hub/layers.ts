import { fromBuffer } from './content'
import type { Call, Layer } from './reply'

type Host = 'hub' | 'cdn'

/** Answers a host's requests by itself, as often as said. */
export function answering(
  where: Host,
  status: number,
  headers: Record<string, string> = {},
  { times = Infinity, body = '', path = /./ }: { times?: number; body?: string; path?: RegExp } = {},
): Layer {
  let left = times
  const bytes = Buffer.from(body)
  return (next) => (call) => {
    if (call.where !== where || left <= 0 || !path.test(call.url.pathname)) return next(call)
    left -= 1
    return {
      status,
      headers,
      body: {
        size: bytes.length,
        read: async function* (from: number, to: number) {
          yield bytes.subarray(from, to)
        },
      },
    }
  }
}

/** Changes the bytes of successful answers, chunk by chunk; null cuts the connection there. `call` counts the answers from 0. */
export function spoiling(where: Host, change: (chunk: Uint8Array, at: number, call: number) => Uint8Array | null): Layer {
  let calls = 0
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== where || call.method !== 'GET' || reply.status >= 300) return reply
    const number = calls
    calls += 1
    const { size, read } = reply.body
    return {
      ...reply,
      body: {
        size,
        read: async function* (from: number, to: number) {
          let at = from
          for await (const chunk of read(from, to)) {
            const changed = change(chunk, at, number)
            if (changed === null) throw new Error('cut')
            yield changed
            at += chunk.length
          }
        },
      },
    }
  }
}

/** Sends at most so many bytes per second, each connection for itself. */
export function slow(where: Host, bytesPerSecond: number): Layer {
  const step = Math.max(1, Math.floor(bytesPerSecond / 20))
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== where) return reply
    const { size, read } = reply.body
    return {
      ...reply,
      body: {
        size,
        read: async function* (from: number, to: number) {
          for await (const chunk of read(from, to)) {
            for (let at = 0; at < chunk.length; at += step) {
              await new Promise((resolve) => setTimeout(resolve, 50))
              yield chunk.subarray(at, at + step)
            }
          }
        },
      },
    }
  }
}

/** Changes what the Hub says in JSON to questions of a path; what is no JSON passes. */
export function rewriting(path: RegExp, change: (document: unknown, call: Call) => unknown): Layer {
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== 'hub' || !path.test(call.url.pathname) || reply.status >= 300) return reply
    const pieces: Uint8Array[] = []
    for await (const piece of reply.body.read(0, reply.body.size)) pieces.push(piece)
    const text = JSON.stringify(change(JSON.parse(Buffer.concat(pieces).toString()), call))
    return { ...reply, body: fromBuffer(Buffer.from(text)) }
  }
}
