import { randomUUID } from 'node:crypto'

/**
 * Answers one request in mlx_lm's dialect, or with the fault that its prompt asks for: `!fault NAME [ARGUMENT]`.
 * @param request as `createReader` gives it
 * @param {import('node:net').Socket} socket
 */
export function answer(request, socket, engine) {
  if (!engine.authorized) return send(socket, 401, 'text/html;charset=utf-8', '<!DOCTYPE HTML><title>Error response</title>')
  if (request.method === 'GET' && request.path === '/health') return send(socket, 200, 'application/json', '{"status":"ok"}')
  const isChat = request.path === '/v1/chat/completions'
  if (request.method !== 'POST' || (!isChat && request.path !== '/v1/completions'))
    return send(socket, 404, 'application/json', 'Not Found')
  const { body } = request
  if (typeof body !== 'object' || body === null)
    return send(socket, 400, 'application/json', JSON.stringify({ error: 'Invalid JSON' }))
  const prompt = isChat ? String(body.messages?.at(-1)?.content ?? '') : String(body.prompt)
  const [, name = '', argument = ''] = /!fault ([\w-]+) ?(\S*)/.exec(prompt) ?? []
  void engine.untilLoaded().then(() => respond({ isChat, body, prompt, name, argument, socket, engine }))
}

async function respond(context) {
  const { name, argument, socket, engine } = context
  const before = beforeHeaders[name]
  if (before !== undefined) return before(context)
  if (engine.faults.hang_requests === true) return
  const write = (text) => new Promise((resolve) => (socket.destroyed ? resolve() : socket.write(text, () => resolve())))
  await write(
    'HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.12.4\r\nContent-type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n',
  )
  if (name === 'hang') return
  await prefill(name === 'prefill' ? Number(argument) : 1, name === 'prefill-hang', write)
  if (name === 'prefill-hang') return
  await stream(context, write)
}

/** What goes wrong before a byte of the answer. */
const beforeHeaders = {
  drop: ({ socket }) => void socket.end(),
  reset: ({ socket }) => void socket.resetAndDestroy(),
  'hang-silent': () => undefined,
  die: ({ engine, argument }) => engine.die(toDeath(argument)),
  status: ({ socket, argument }) => send(socket, Number(argument), 'application/json', JSON.stringify({ error: 'scripted' })),
  refuse: ({ socket, argument }) => send(socket, 404, 'application/json', JSON.stringify({ error: `engine:${argument}` })),
  html: ({ socket }) => send(socket, 500, 'text/html', '<html>oops</html>'),
  'not-http': ({ socket }) => void socket.end('hello\r\n\r\n'),
  // Python says so when its generation thread is dead, and /health goes on with 200.
  'thread-died': ({ socket }) => send(socket, 404, 'application/json', JSON.stringify({ error: 'generation thread died' })),
}

async function prefill(steps, hang, write) {
  for (let step = 1; step <= (hang ? 1 : steps); step += 1) await write(`: keepalive ${step * 10}/${(hang ? 2 : steps) * 10}\n\n`)
}

/** `die 70`, `die SIGABRT`. */
const toDeath = (argument) => (/^\d+$/.test(argument) ? Number(argument) : argument || 'SIGABRT')

const words = (text) => text.match(/\s*\S+/gu) ?? []

/** Makes the events of one answer: chunks, and the usage at the end. */
function createFrames(isChat, body) {
  const frame = {
    id: `${isChat ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    system_fingerprint: 'fake',
    object: isChat ? 'chat.completion.chunk' : 'text_completion',
    model: body.model ?? 'default_model',
    created: Math.floor(Date.now() / 1000),
  }
  return {
    chunk: (finish, delta) => {
      const content = isChat ? { delta: { role: 'assistant', ...delta } } : { text: delta.content ?? '' }
      return `data: ${JSON.stringify({ ...frame, choices: [{ index: 0, finish_reason: finish, ...content }] })}\n\n`
    },
    usage: (made) => {
      const usage = { prompt_tokens: 10, completion_tokens: made + 1, total_tokens: made + 11 }
      return `data: ${JSON.stringify({ ...frame, object: 'chat.completion', choices: [], usage })}\n\n`
    },
  }
}

async function stream({ isChat, body, name, argument, socket, engine }, write) {
  const { faults } = engine
  const { chunk, usage } = createFrames(isChat, body)
  const all = words(faults.say ?? 'Hello from an engine that does not compute.')
  const tokens = name === 'endless' || faults.endless === true ? Number.POSITIVE_INFINITY : all.length
  const limit = Math.min(tokens, body.max_tokens ?? 512)
  const delay = Number(name === 'slow' ? argument : (faults.token_ms ?? 0))
  const put = name === 'split' ? (text) => writeBytes(text, write) : write
  let made = 0
  for (; made < limit && !socket.destroyed; made += 1) {
    if (made === 2 && (await inTheMiddle({ name, argument, socket, engine, write: put, chunk })) === 'stop') return
    await pause(delay, made)
    await put(chunk(null, { content: all[made % all.length] }))
  }
  if (socket.destroyed) return
  await put(chunk(made < tokens ? 'length' : 'stop', name === 'tool' ? { tool_calls: [toolCall(argument)] } : {}))
  if (body.stream_options?.include_usage === true) await put(usage(made))
  await put('data: [DONE]\n\n')
  socket.end()
}

/** Whole characters cut into bytes, so that a reader gets halves of them. */
async function writeBytes(text, write) {
  for (const byte of Buffer.from(text)) await write(Buffer.of(byte))
}

async function pause(milliseconds, made) {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
  // An endless answer must leave room for other requests.
  else if (made % 64 === 63) await new Promise((resolve) => setImmediate(resolve))
}

const toolCall = (name) => ({ function: { name: name || 'f', arguments: '{}' }, type: 'function', id: randomUUID(), index: 0 })

/** What goes wrong after two tokens. */
async function inTheMiddle({ name, argument, socket, engine, write, chunk }) {
  switch (name) {
    case 'eof':
      socket.end()
      return 'stop'
    case 'reset-middle':
      socket.resetAndDestroy()
      return 'stop'
    case 'hang-middle':
      return 'stop'
    case 'die-middle':
      engine.die(toDeath(argument))
      return 'stop'
    case 'garbage':
      await write('data: {"choices":\n\n')
      return 'go on'
    case 'endless-line':
      while (!socket.destroyed) await write('x'.repeat(65_536))
      return 'stop'
    case 'gap':
      // A long tool call: nothing is written while it is generated.
      await new Promise((resolve) => setTimeout(resolve, Number(argument)))
      return 'go on'
    case 'flood':
      engine.flood(Number(argument))
      return 'go on'
    case 'half-character':
      await write(Buffer.from(chunk(null, { content: '€' })).subarray(0, -8))
      socket.end()
      return 'stop'
    default:
      return 'go on'
  }
}

function send(socket, status, type, body) {
  const bytes = Buffer.from(body)
  socket.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.0 ${status} X\r\nServer: BaseHTTP/0.6 Python/3.12.4\r\nContent-type: ${type}\r\n\r\n`),
      bytes,
    ]),
  )
}
