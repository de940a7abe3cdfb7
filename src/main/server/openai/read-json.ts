import { AppError } from '../../../shared/errors'
import { isLargerThan } from '../../../shared/rpc'

/** Counted as a whole when it begins; of a larger one only what has come, since it may come slowly or never. */
const smallBody = 64 * 1024

/**
 * Reads a bounded JSON body.
 * @param hold hears of all bytes before they are kept, and may throw
 * @throws AppError unsupported_media_type, too_large, invalid_request, cancelled (the client left), and what `hold` throws
 */
export async function readJson(request: Request, maxBytes: number, hold: (bytes: number) => void = () => {}): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(type)) {
    throw new AppError('unsupported_media_type', 'The body must be JSON.', {
      hint: 'Send the header "Content-Type: application/json".',
    })
  }
  const bytes = await readBytes(request, maxBytes, hold).catch((error: unknown) => {
    // The body comes from the socket alone, so what fails there is the client.
    throw error instanceof AppError
      ? error
      : new AppError('cancelled', 'The request ended before it was complete.', { cause: error })
  })
  const value = parse(decode(bytes))
  // Checked by bytes already: this is about the number of its values.
  if (isLargerThan(value, Infinity)) throw new AppError('too_large', 'The body has more values than this server takes.')
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('invalid_request', `The body is not valid JSON${text.trim() === '' ? ': it is empty' : ''}.`, {
      cause: error,
    })
  }
}

async function readBytes(request: Request, maxBytes: number, hold: (bytes: number) => void): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 'NaN')
  if (announced > maxBytes) throw tooLarge(maxBytes)
  // Of an announced length, to which the HTTP parser itself holds the client: the whole is one read.
  if (announced <= smallBody) {
    hold(announced)
    return new Uint8Array(await request.arrayBuffer())
  }
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(parts)
    size += value.byteLength
    try {
      if (size > maxBytes) throw tooLarge(maxBytes)
      hold(value.byteLength)
    } catch (error) {
      await reader.cancel()
      throw error
    }
    parts.push(value)
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new AppError('invalid_request', 'The body is not valid UTF-8.', { cause: error })
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too_large', `The body is larger than the ${Math.floor(maxBytes / 1024 / 1024)} MiB that this server takes.`)
}
