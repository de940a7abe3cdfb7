import { request } from 'node:http'

/** What a chunk says: everything else in it is not looked at. */
function contentOf(line) {
  if (!line.startsWith('data: {')) return ''
  const { error, choices } = JSON.parse(line.slice(6))
  if (error !== undefined) throw new Error(`the stream says ${JSON.stringify(error)}`)
  return choices?.[0]?.delta?.content ?? ''
}

/**
 * One streamed chat. Bytes and their times are only kept while the stream runs, and looked at when `read` is called, so that a side
 * with longer chunks does not slow the client down.
 * @returns {Promise<{started: number, ended: number, read: () => {text: string, tokens: number, first: number, gaps: number[]}}>}
 */
export function openStream({ url, headers, agent }, body) {
  return new Promise((resolve, reject) => {
    const payload = Buffer.from(JSON.stringify({ ...body, stream: true }))
    const started = performance.now()
    const parts = []
    const outgoing = request(
      `${url}/v1/chat/completions`,
      { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': payload.length, ...headers } },
      (response) => {
        response.on('data', (data) => parts.push({ at: performance.now(), data }))
        response.on('error', reject)
        response.on('end', () => {
          const ended = performance.now()
          if (response.statusCode !== 200)
            reject(new Error(`${response.statusCode}: ${Buffer.concat(parts.map(({ data }) => data))}`))
          else resolve({ started, ended, read: () => readParts(parts, started) })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

function readParts(parts, started) {
  const decoder = new TextDecoder()
  const times = []
  const words = []
  let rest = ''
  let isDone = false
  for (const { at, data } of parts) {
    const lines = (rest + decoder.decode(data, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      isDone ||= line.trim() === 'data: [DONE]'
      const content = contentOf(line.trim())
      if (content === '') continue
      words.push(content)
      times.push(at)
    }
  }
  if (!isDone) throw new Error('the stream ended without [DONE]')
  if (times.length === 0) throw new Error('the stream had no text')
  const gaps = times.slice(1).map((at, index) => at - times[index])
  return { text: words.join(''), tokens: times.length, first: times[0] - started, gaps }
}

/**
 * `count` streams at once.
 * @returns tokens per second of all together, milliseconds to each stream's first text, gaps between texts, how many streams were lost
 *   (refused, cut) and how many texts are not the one text that all should have
 */
export async function runStreams(side, count, body, expected) {
  const settled = await Promise.allSettled(Array.from({ length: count }, () => openStream(side, body)))
  const streams = []
  const lost = []
  for (const one of settled) {
    try {
      if (one.status === 'rejected') throw one.reason
      streams.push({ ...one.value, ...one.value.read() })
    } catch (error) {
      lost.push(String(error.message ?? error))
    }
  }
  const wall = Math.max(...streams.map(({ ended }) => ended)) - Math.min(...streams.map(({ started }) => started))
  return {
    rate: (streams.length * body.max_tokens * 1000) / wall,
    first: streams.map(({ first }) => first),
    gaps: streams.flatMap(({ gaps }) => gaps),
    text: streams[0]?.text,
    lost,
    wrong: expected === undefined ? 0 : streams.filter(({ text }) => text !== expected).length,
  }
}
