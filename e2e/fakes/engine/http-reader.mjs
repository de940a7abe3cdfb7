/**
 * Reads one HTTP request as Python's http.server would: head, then Content-Length bytes. One per connection, since HTTP/1.0 has no more.
 * @param {(request: {method: string, path: string, headers: Record<string, string>, body: unknown}) => void} onRequest
 */
export function createReader(onRequest) {
  let bytes = Buffer.alloc(0)
  let done = false
  return (part) => {
    if (done) return
    bytes = Buffer.concat([bytes, part])
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) return
    const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
    const [method = '', path = ''] = first.split(' ')
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const body = bytes.subarray(end + 4)
    if (body.length < Number(headers['content-length'] ?? 0)) return
    done = true
    onRequest({ method, path, headers, body: parse(body.toString('utf8')) })
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
