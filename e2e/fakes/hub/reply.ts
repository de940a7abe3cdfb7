import type { IncomingHttpHeaders } from 'node:http'
import { fromBuffer, type Content } from './content'

/** One request as the answers see it. */
export interface Call {
  where: 'hub' | 'cdn'
  method: string
  url: URL
  headers: IncomingHttpHeaders
  body: Buffer
}

/** One answer, not yet sent. A body that throws while it is read cuts the connection. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: Content
}

export type Answer = (call: Call) => Reply | Promise<Reply>

/** Stands between the listener and the answers: may change the call, answer itself, or change the reply and its body. */
export type Layer = (next: Answer) => Answer

const nothing = fromBuffer(new Uint8Array())

export function empty(status: number, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: nothing }
}

export function json(value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: fromBuffer(Buffer.from(JSON.stringify(value))),
  }
}

/** The Hub's errors: a code and a sentence in headers, the sentence again as JSON. */
export function problem(status: number, code: string | null, message: string, headers: Record<string, string> = {}): Reply {
  const codeHeader = code === null ? {} : { 'x-error-code': code }
  return { ...json({ error: message }, { ...codeHeader, 'x-error-message': message, ...headers }), status }
}

/** A file, or the part of it that the request's `Range` asks for (RFC 9110 §14; several ranges get the whole). */
export function file(call: Call, content: Content, headers: Record<string, string>): Reply {
  const whole: Reply = { status: 200, headers: { 'accept-ranges': 'bytes', ...headers }, body: content }
  const range = /^bytes=(\d*)-(\d*)$/.exec(call.headers.range ?? '')
  if (range === null || (range[1] === '' && range[2] === '')) return whole
  const [, from = '', to = ''] = range
  const start = from === '' ? Math.max(0, content.size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? content.size : Math.min(content.size, Number(to) + 1)
  if (start >= end) return empty(416, { 'content-range': `bytes */${content.size}` })
  return {
    status: 206,
    headers: { ...whole.headers, 'content-range': `bytes ${start}-${end - 1}/${content.size}` },
    body: { size: end - start, read: (a, b) => content.read(start + a, start + b) },
  }
}
