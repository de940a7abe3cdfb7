import type { ServerStatus } from '../../../shared/contract'
import type { ServeResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { App } from '../../app'
import { demoModelNames } from '../../core/demo'
import { ExitError, type CliCommand, type Outcome } from '../command'
import type { Context } from '../context'
import { announce } from '../output/announce'
import { portNumber, positiveInteger } from './options'

interface ServeOptions {
  host?: string
  port?: number
  maxTokens?: number
  model?: string
}

const examples = `
Runs in the foreground until Ctrl-C. The default port is 11811; port 0 takes any free one. Models load when a request names them.

Examples:
  mlxk serve
  mlxk serve Llama-3.2-1B --port 8000
  mlxk serve --port 0 --json | head -1 | jq -r .data.url`

export const serve: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'load this model at the start')
      .option('--model <model>', 'the same, as in mlx-knife')
      .option('--host <address>', 'address to listen on (default: 127.0.0.1 and ::1)')
      .option('--port <port>', 'port to listen on', portNumber)
      .option('--max-tokens <n>', 'longest answer when a request does not say', positiveInteger)
      .addHelpText('after', examples)
      .action((model: string | undefined, options: ServeOptions) => submit((context) => serveModels(context, model, options)))
  },
}

async function serveModels(context: Context, word: string | undefined, options: ServeOptions): Promise<Outcome> {
  const model = word ?? options.model ?? null
  const { own } = await import('../services/owner')
  const interruption = context.interruption()
  const app = await own(context, 'serve')
  try {
    // An unknown name is the user's mistake and ends the command before anything listens.
    const resolved = model === null ? null : await app.catalog.resolve(model)
    const status = await app.startApi({
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    })
    if (resolved !== null) await preload(context, app, resolved)
    const { url, port, hosts } = status
    announce(context, { url, port, pid: process.pid, hosts, model: resolved?.name ?? null } satisfies ServeResult)
    if (context.isHuman) await explain(context, app, status)
    const stopTelling = context.isHuman ? tellLoads(context, app) : null
    await untilAborted(interruption.signal)
    stopTelling?.()
    context.note('Stopping…')
    return { data: {}, printed: true }
  } catch (error) {
    if (interruption.by() !== null) return { data: {}, printed: true }
    throw error
  } finally {
    await app.close()
  }
}

/** A missing engine is no reason not to serve; a model that does not load is. */
async function preload(context: Context, app: App, model: Parameters<App['pool']['acquire']>[0]): Promise<void> {
  context.note(`Loading ${model.name}…`)
  try {
    const lease = await app.pool.acquire(model, { signal: context.interruption().signal })
    lease.release()
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error
    if (error.code === 'engine_missing') {
      context.talk(`${error.message} Requests are answered with "engine_missing" until it is there.`)
      if (error.hint !== undefined) context.talk(`  ${error.hint}`)
      return
    }
    throw new ExitError(error, 3)
  }
}

async function explain(context: Context, app: App, status: ServerStatus): Promise<void> {
  const { models } = await app.catalog.list()
  const runnable = models.filter((model) => model.health === 'healthy' && model.runtime_compatible)
  // Of the demo's models the first one ends its answer by itself; another counts sheep.
  const example = runnable.find(({ root }) => root.kind !== 'demo') ?? runnable.find(({ name }) => name === demoModelNames[0])
  const name = example?.name ?? 'MODEL'
  context.note(`Serving an OpenAI-compatible API on ${context.talkPaint.bold(`${status.url}/v1`)} (Ctrl-C stops it). Try:`)
  context.note(`  ${curlExample(status.url ?? '', name)}`)
  if (models.length === 0) context.note(`There are no models yet: "${context.program} demo" writes three tiny ones.`)
}

/** One line on stderr whenever a model is loaded, gone or broken. Returns the unsubscriber. */
function tellLoads(context: Context, app: App): () => void {
  let before = new Map<string, string>()
  return app.state.subscribe(({ loaded }) => {
    const now = new Map(loaded.map(({ name, state }) => [name, state]))
    for (const { name, state, error } of loaded) {
      if (before.get(name) === state) continue
      const time = context.talkPaint.dim(new Date().toTimeString().slice(0, 8))
      context.note(`${time} ${name}: ${state}${error === null ? '' : `, ${error.message}`}`)
    }
    before = now
  })
}

export function curlExample(url: string, model: string): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })
  return `curl ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done()
    signal.addEventListener('abort', () => done(), { once: true })
  })
}
