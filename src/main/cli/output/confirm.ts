import { createInterface } from 'node:readline'
import { AppError } from '../../../shared/errors'
import type { Context } from '../context'

/** True where somebody can be asked: a person reads the output and sits at the terminal that is our input. */
export function canAsk({ isHuman, io }: Pick<Context, 'isHuman' | 'io'>): boolean {
  return isHuman && io.stdin.isTTY
}

/**
 * Asks on the terminal; only `y` and `yes` are a yes, the end of the input is a no, and just Enter is `preset`.
 * @throws AppError cancelled on Ctrl-C
 */
export function confirm(
  { io, talkPaint, interruption }: Context,
  question: string,
  { preset = false }: { preset?: boolean } = {},
): Promise<boolean> {
  const { signal } = interruption()
  const lines = createInterface({ input: io.stdin, output: io.stderr.stream(), terminal: true })
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      io.stderr.write('\n')
      reject(new AppError('cancelled', 'Interrupted.'))
      lines.close()
    }
    lines.on('SIGINT', stop)
    signal.addEventListener('abort', stop, { once: true })
    lines.once('close', () => {
      signal.removeEventListener('abort', stop)
      resolve(false)
    })
    lines.question(`${talkPaint.bold(question)} ${preset ? '[Y/n]' : '[y/N]'} `, (answer) => {
      resolve(answer.trim() === '' ? preset : /^y(es)?$/i.test(answer.trim()))
      lines.close()
    })
  })
}
