import type { DemoResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import { demoModelNames } from '../../core/demo'
import { askOverHttp } from '../ask-over-http'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { safeText } from '../output/text'
import type { Session } from '../services/owner'
import { installWithProgress } from './engine'
import { curlExample, untilAborted } from './serve'

interface DemoOptions {
  once?: boolean
  remove?: boolean
}

const question = 'What is MLX Knife?'

const examples = `
Writes three tiny models into a folder of its own (never into your cache), sets up the engine when it is missing, serves, and asks one
model a question through the API. Everything stays in the data folder; "mlxk demo --remove" takes the models away again.

Examples:
  mlxk demo
  mlxk demo --once             end after the answer
  mlxk demo --json | jq .data.answer`

export const demo: CliCommand = {
  define: (command, submit) => {
    command
      .option('--once', 'end after the answer')
      .option('--remove', 'remove the demo models')
      .addHelpText('after', examples)
      .action((options: DemoOptions) =>
        submit((context) => (options.remove === true ? removeDemo(context) : playDemo(context, options))),
      )
  },
}

async function removeDemo(context: Context): Promise<Outcome> {
  const { attachOrOwn } = await import('../services/owner')
  const session = await attachOrOwn(context, 'serve')
  try {
    const status = await session.client.call('demo.remove', {})
    return { data: status, print: () => context.note('The demo models are gone.') }
  } finally {
    await session.close()
  }
}

async function playDemo(context: Context, options: DemoOptions): Promise<Outcome> {
  const { attachOrOwn } = await import('../services/owner')
  const interruption = context.interruption()
  const once = options.once === true || !context.isHuman
  const session = await attachOrOwn(context, 'serve')
  let answered = false
  try {
    const { models } = await session.client.call('demo.enable', {})
    // The first one of the demo ends its answer by itself; another might count sheep.
    const model = models.find((name) => name === demoModelNames[0]) ?? models[0]
    if (model === undefined) throw new AppError('model_not_found', 'The demo has no models.')
    context.note(`Demo models: ${models.join(', ')}`)
    await setUpEngine(context, session)
    const url = await startApi(context, session, once)
    context.note(`Asking ${model} through ${url}/v1: ${question}`)
    const print = context.isHuman ? (text: string): void => context.io.stdout.write(safeText(text)) : (): void => undefined
    const reply = await askOverHttp({ url, model, question, signal: interruption.signal, onText: print })
    if (context.isHuman) context.say('')
    answered = true
    const data: DemoResult = { models, question, ...reply, url, pid: session.owner?.pid ?? process.pid }
    if (once || session.app === null) return { data, print: () => suggest(context, url, model, session.app === null) }
    suggest(context, url, model, true)
    context.note('Serving until Ctrl-C.')
    await Promise.race([untilAborted(interruption.signal), untilAborted(session.app.stopRequested)])
    return { data, printed: true }
  } catch (error) {
    if (answered && interruption.by() !== null) return { data: {}, printed: true }
    throw error
  } finally {
    await session.close()
  }
}

async function setUpEngine(context: Context, session: Session): Promise<void> {
  const status = await session.client.call('engine.status', {})
  if (status.state === 'ready') return
  context.note('The engine is not installed yet. Setting it up: mlx_lm with its Python packages, a few hundred MB from the Python')
  context.note(`package index, into ${context.paths.engine}. This happens once.`)
  const { changeThrough } = await import('../services/engine')
  await installWithProgress(context, changeThrough(session.client, 'install', context.interruption().signal))
}

/** The API of the owner, or our own: the configured port, or for a demo that ends at once any free one when that is taken. */
async function startApi(context: Context, session: Session, once: boolean): Promise<string> {
  const { readState } = await import('../services/owner')
  const running = (await readState(session.client)).server.url
  if (running !== null) return running
  try {
    const status = await session.client.call('server.start', once && session.app !== null ? { port: 0 } : {})
    if (status.url !== null) return status.url
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'port_in_use' || session.app === null) throw error
    context.note(`${error.message} The demo takes another port.`)
    const status = await session.client.call('server.start', { port: 0 })
    if (status.url !== null) return status.url
  }
  throw new AppError('listen_failed', 'The API did not start.')
}

function suggest(context: Context, url: string, model: string, serving: boolean): void {
  const { program } = context
  context.note('')
  context.note('What to try next:')
  context.note(`  ${program} list`)
  context.note(`  ${program} run ${model} "Hello"`)
  if (serving) context.note(`  ${program} ui`)
  if (serving) context.note(`  ${curlExample(url, model)}`)
  context.note(`  ${program} demo --remove`)
}
