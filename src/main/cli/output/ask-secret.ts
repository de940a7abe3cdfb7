import { AppError } from '../../../shared/errors'
import type { Context } from '../context'

/** Reads a line from the terminal without showing it. @throws AppError cancelled on Ctrl-C and at the end of the input */
export function askSecret({ io, talkPaint }: Context, question: string): Promise<string> {
  const { stdin, stderr } = io
  stderr.write(`${talkPaint.bold(question)} `)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (settle: () => void): void => {
      stdin.off('data', read)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      settle()
    }
    const read = (text: string): void => {
      for (const letter of text) {
        if (letter === '\r' || letter === '\n') return end(() => resolve(typed))
        if (letter === '\u0003' || letter === '\u0004') return end(() => reject(new AppError('cancelled', 'Interrupted.')))
        if (letter === '\u007f' || letter === '\b') typed = typed.slice(0, -1)
        else if (letter === '\u0015') typed = ''
        else if (letter >= ' ') typed += letter
      }
    }
    stdin.on('data', read)
  })
}
