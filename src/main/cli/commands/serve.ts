import type { ServerStatus } from '../../../shared/contract'
import type { ServeResult } from '../../../shared/contract/documents'
import { Option } from 'commander'
import { AppError } from '../../../shared/errors'
import type { App } from '../../app'
import { demoModelNames } from '../../core/demo'
import { isLoopbackHost } from '../../core/settings'
import { ExitError, type CliCommand, type Outcome } from '../command'
import type { Context } from '../context'
import { announce } from '../output/announce'
import { createServeLog, type LogFormat, type ServeLog } from '../output/serve-log'
import { portNumber, positiveInteger } from './options'

interface ServeOptions {
  host?: string
  port?: number
  maxTokens?: number
  model?: string
  logFormat?: LogFormat
  logJson?: boolean
  logLevel?: string
}

const examples = `
Runs in the foreground until Ctrl-C or "mlxk stop". The default port is 11811; port 0 takes any free one. Models load when a request names
them. Other machines need an API key: "mlxk config key create NAME", then --host 0.0.0.0.

Examples:
  mlxk serve
  mlxk serve Llama-3.2-1B --port 8000
  mlxk serve --host 0.0.0.0
  mlxk serve --log-format json 2>> serve.log
  mlxk serve --port 0 --json | head -1 | jq -r .data.url`

export const serve: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'load this model at the start')
      .option('--model <model>', 'the same, as in mlx-knife')
      .option('--host <address>', 'address to listen on (default: 127.0.0.1 and ::1)')
      .option('--port <port>', 'port to listen on', portNumber)
      .option('--max-tokens <n>', 'longest answer when a request does not say', positiveInteger)
      .addOption(
        new Option('--log-format <format>', 'how stderr looks: text for people, or one JSON object per line').choices([
          'text',
          'json',
        ]),
      )
      .addOption(new Option('--log-json', 'the same as --log-format json').hideHelp())
      .addOption(
        new Option('--log-level <level>', 'how much the log says (default: info)').choices([
          'debug',
          'info',
          'warn',
          'error',
          'silent',
        ]),
      )
      .addHelpText('after', examples)
      .action((model: string | undefined, options: ServeOptions) => submit((context) => serveModels(context, model, options)))
  },
}

async function serveModels(context: Context, word: string | undefined, options: ServeOptions): Promise<Outcome> {
  const model = word ?? options.model ?? null
  const { own } = await import('../services/owner')
  const interruption = context.interruption()
  const format = options.logFormat ?? (options.logJson === true ? 'json' : null)
  const console = createServeLog(context, format)
  const app = await own(context, 'serve', { logLevel: options.logLevel, logTap: console.tap })
  try {
    // An unknown name is the user's mistake and ends the command before anything listens.
    const resolved = model === null ? null : await app.catalog.resolve(model)
    const status = await app.startApi({
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    })
    if (resolved !== null) await preload(context, console, app, resolved)
    const { url, port, hosts } = status
    announce(context, { url, port, pid: process.pid, hosts, model: resolved?.name ?? null } satisfies ServeResult)
    if (console.isText) await explain(context, app, status)
    console.start()
    await Promise.race([untilAborted(interruption.signal), untilAborted(app.stopRequested)])
    console.say('Stopping…')
    return { data: {}, printed: true }
  } catch (error) {
    if (interruption.by() !== null) return { data: {}, printed: true }
    throw error
  } finally {
    await app.close()
  }
}

/** A missing engine is no reason not to serve; a model that does not load is. */
async function preload(context: Context, console: ServeLog, app: App, model: Parameters<App['pool']['acquire']>[0]): Promise<void> {
  console.say(`Loading ${model.name}…`)
  try {
    const lease = await app.pool.acquire(model, { signal: context.interruption().signal })
    lease.release()
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error
    if (error.code === 'engine_missing') {
      console.warn(`${error.message} Requests are answered with "engine_missing" until it is there.`, error.hint)
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
  const keys = await app.handlers['keys.list']({}, { signal: context.interruption().signal })
  if (!status.hosts.every(isLoopbackHost)) {
    context.note(`Other machines reach it with one of the ${keys.keys.length} API keys: "${context.program} config key list".`)
  }
  if (models.length === 0) context.note(`There are no models yet: "${context.program} demo" writes three tiny ones.`)
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
