import type { UiResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { App } from '../../app'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { openInBrowser } from '../open-browser'
import { announce } from '../output/announce'
import { untilAborted } from './serve'

interface UiOptions {
  open: boolean
}

const examples = `
Shows the interface of whatever runs already (the app, "mlxk serve"); else runs in the foreground until Ctrl-C. The link holds a code
that is good for one use within a minute: run the command again for another.

Examples:
  mlxk ui
  mlxk ui --no-open            only print the link`

export const ui: CliCommand = {
  define: (command, submit) => {
    command
      .option('--no-open', 'do not open a browser')
      .addHelpText('after', examples)
      .action((options: UiOptions) => submit((context) => showInterface(context, options)))
  },
}

async function showInterface(context: Context, options: UiOptions): Promise<Outcome> {
  const { attachOrOwn } = await import('../services/owner')
  const interruption = context.interruption()
  const session = await attachOrOwn(context, 'daemon')
  try {
    const { url } = await session.client.call('ui.link', {})
    const info = await session.client.call('app.info', {})
    const data: UiResult = { url, pid: info.pid, kind: info.kind, attached: session.app === null }
    const shouldOpen = options.open && context.isHuman && context.io.stdout.isTTY
    if (session.app === null) {
      if (shouldOpen) await open(context, url)
      return { data, print: () => context.say(url) }
    }
    await startApi(context, session.app)
    announce(context, data)
    if (context.isHuman) context.say(url)
    if (shouldOpen) await open(context, url)
    context.note(`The link is good once, within a minute; "${context.program} ui" in another terminal makes a new one.`)
    context.note('The interface runs until Ctrl-C.')
    await Promise.race([untilAborted(interruption.signal), untilAborted(session.app.stopRequested)])
    return { data: {}, printed: true }
  } finally {
    await session.close()
  }
}

/** A port that is taken is a state that the window shows and mends, no reason not to show the window. */
async function startApi(context: Context, app: App): Promise<void> {
  try {
    await app.startApi({})
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'port_in_use' && error.code !== 'listen_failed')) throw error
    context.talk(`${error.message} The API is not served; the window can start it on another port.`)
  }
}

async function open(context: Context, url: string): Promise<void> {
  if (!(await openInBrowser(url, context.platform))) context.note('No browser could be opened: follow the link yourself.')
}
