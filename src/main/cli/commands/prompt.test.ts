import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { CliIo } from '../io'
import { assemblePrompt } from './prompt'

type Stdin = Pick<CliIo, 'stdin' | 'stdinIsRedirected'>

function stdin(text: string, { isTTY = false, redirected = true } = {}): CliIo {
  const stream = Object.assign(Readable.from(text === '' ? [] : [Buffer.from(text)]), { isTTY })
  const io: Stdin = { stdin: stream as unknown as CliIo['stdin'], stdinIsRedirected: () => redirected }
  return io as CliIo
}

/** A pipe that its owner keeps open and never writes to. */
function silent(): CliIo {
  const stream = Object.assign(new Readable({ read: () => undefined }), { isTTY: false })
  return { stdin: stream as unknown as CliIo['stdin'], stdinIsRedirected: () => false } as unknown as CliIo
}

describe('assemblePrompt', () => {
  it('joins the words; --prompt wins over them', async () => {
    expect(await assemblePrompt(stdin('', { isTTY: true, redirected: false }), ['a', 'b'], undefined)).toBe('a b')
    expect(await assemblePrompt(stdin('', { isTTY: true, redirected: false }), ['a'], 'p')).toBe('p')
  })

  it('puts standard input first, a blank line between, without the line break that echo adds', async () => {
    expect(await assemblePrompt(stdin('text\n'), ['sum', 'up'], undefined)).toBe('text\n\nsum up')
    expect(await assemblePrompt(stdin('text\n'), [], undefined)).toBe('text')
    expect(await assemblePrompt(stdin(''), ['sum'], undefined)).toBe('sum')
  })

  it('reads a stream that is no shell pipe only when - asks for it or there are no words', async () => {
    expect(await assemblePrompt(silent(), ['hi'], undefined)).toBe('hi')
    expect(await assemblePrompt(stdin('in', { redirected: false }), ['-', 'hi'], undefined)).toBe('in\n\nhi')
    expect(await assemblePrompt(stdin('in', { redirected: false }), [], undefined)).toBe('in')
  })

  it('is null when a person could be asked', async () => {
    expect(await assemblePrompt(stdin('', { isTTY: true, redirected: false }), [], undefined)).toBeNull()
  })

  it('keeps multi-byte characters whole across chunks, and refuses endless input', async () => {
    const bytes = Buffer.from('héllo')
    const split = Object.assign(Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]), { isTTY: false })
    const io = { stdin: split as unknown as CliIo['stdin'], stdinIsRedirected: () => true } as CliIo
    expect(await assemblePrompt(io, [], undefined)).toBe('héllo')
    const endless = {
      stdin: Object.assign(Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(1024 * 1024))), { isTTY: false }),
    }
    await expect(
      assemblePrompt({ ...endless, stdinIsRedirected: () => true } as unknown as CliIo, [], undefined),
    ).rejects.toMatchObject({
      code: 'too_large',
    })
  })
})
