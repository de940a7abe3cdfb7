import type { Context } from '../context'
import { renderDocument } from './document'

/** Prints the one JSON document of a command that goes on afterwards, on one line. Human output is the command's own. */
export function announce(context: Context, data: object): void {
  if (context.mode === 'human') return
  context.io.stdout.write(renderDocument(context.mode, { command: context.command, data, error: null }, true))
}
