import { fstatSync, type BigIntStats } from 'node:fs'
import type { Env } from '../core/system'

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** One of the process's two outputs. Writing to one whose reader has left does nothing. */
export interface Output {
  isTTY: boolean
  /** Columns of the terminal, null where there is none: then nothing is cut. */
  columns: () => number | null
  /** Lines of the terminal, null where there is none or it does not say. */
  rows: () => number | null
  write: (text: string) => void
  /** For libraries that draw by themselves. A reader that leaves is noticed here too. */
  stream: () => NodeJS.WriteStream
  /** Resolves when everything written so far has left the process, or cannot any more. */
  flush: () => Promise<void>
}

/** Everything of the process that a command may touch; the tests and the Electron entry give their own. */
export interface CliIo {
  env: Env
  stdin: NodeJS.ReadStream
  /** True when somebody redirected data to us: a file or a shell's pipe, and not just an inherited stream that never ends. */
  stdinIsRedirected: () => boolean
  stdout: Output
  stderr: Output
  /** Aborts when the reader of stdout has left (`| head -1`). */
  readerLeft: AbortSignal
  /** From the first call on these signals no longer end the process by themselves. Returns the unsubscriber. */
  onSignal: (listener: (signal: StopSignal) => void) => () => void
}

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * In big integers, since the numbers of the plain form stay behind in an array that Node 20's `realpathSync` takes for its own: after a look
 * at a pipe `require` no longer follows links, and a linked installation (pnpm, `npm link`) does not find its modules.
 */
const statOf = (descriptor: number): BigIntStats => fstatSync(descriptor, { bigint: true })

/** True for a terminal and /dev/null, which only the stream itself can tell apart. */
function isCharacterDevice(descriptor: number): boolean {
  try {
    return statOf(descriptor).isCharacterDevice()
  } catch {
    return false
  }
}

/** @param open gives the stream: a getter of `process`, which costs a start-up, so that an output nobody writes to is never opened */
function createOutput(descriptor: number, open: () => NodeJS.WriteStream, onClosed: () => void): Output {
  let stream: NodeJS.WriteStream | null = null
  let isOpen = true
  let isTTY: boolean | null = null
  const use = (): NodeJS.WriteStream => {
    if (stream !== null) return stream
    stream = open()
    // EPIPE: whoever read us has seen enough. Any other write error leaves nobody to tell either.
    stream.on('error', () => {
      isOpen = false
      onClosed()
    })
    return stream
  }
  // Typed as a boolean, but not there at all when the stream is a file or a pipe.
  const lookForTTY = (): boolean => isCharacterDevice(descriptor) && 'isTTY' in use() && use().isTTY
  return {
    get isTTY() {
      return (isTTY ??= lookForTTY())
    },
    columns: () => {
      isTTY ??= lookForTTY()
      return isTTY && use().columns > 0 ? use().columns : null
    },
    rows: () => {
      isTTY ??= lookForTTY()
      return isTTY && use().rows > 0 ? use().rows : null
    },
    write: (text) => {
      if (isOpen) use().write(text)
    },
    stream: use,
    flush: () => new Promise((done) => (stream !== null && isOpen && !stream.destroyed ? stream.write('', () => done()) : done())),
  }
}

/** A character device is a terminal or /dev/null; a socket is how Node's `exec` leaves stdin open without ever writing to it. */
function isFileOrPipe(): boolean {
  try {
    const stat = statOf(0)
    return stat.isFile() || stat.isFIFO()
  } catch {
    return false
  }
}

/** The real process. */
export function processIo(): CliIo {
  const left = new AbortController()
  return {
    env: process.env,
    // A getter: merely touching process.stdin opens it, which costs a start-up and keeps a pipe alive.
    get stdin() {
      return process.stdin
    },
    stdinIsRedirected: isFileOrPipe,
    stdout: createOutput(
      1,
      () => process.stdout,
      () => left.abort(),
    ),
    stderr: createOutput(
      2,
      () => process.stderr,
      () => undefined,
    ),
    readerLeft: left.signal,
    onSignal: (listener) => {
      const handlers = signals.map((signal) => ({ signal, handle: () => listener(signal) }))
      for (const { signal, handle } of handlers) process.on(signal, handle)
      return () => {
        for (const { signal, handle } of handlers) process.off(signal, handle)
      }
    },
  }
}
