import { createApp, type App } from './app'
import { AppError, exitCodes, toSerializedError } from '../shared/errors'
import { currentPlatform, findLayout } from './core/system'

/**
 * MLX Knife without a window, on plain Node: owns the data folder, serves the control port and the API, prints one line of JSON when it
 * is ready and ends cleanly on SIGTERM or SIGINT.
 */
async function main(): Promise<void> {
  const { env } = process
  // Whoever started us may stop reading; that is no reason to end.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  const signals = waitForSignal()
  const app = await createApp({
    env,
    platform: currentPlatform(env),
    layout: findLayout(import.meta.dirname),
    kind: 'daemon',
    scanInWorker: true,
  })
  // Node ends the process as always; this only keeps what it knew.
  process.on('uncaughtExceptionMonitor', (error) => app.log.error('uncaught', { error }))
  try {
    const url = await startApi(app)
    process.stdout.write(`${JSON.stringify({ url, control_url: app.controlUrl, pid: process.pid })}\n`)
    await Promise.race([signals, aborted(app.stopRequested)])
  } finally {
    await app.close()
  }
}

/** A port that is taken is a state that the window shows and mends, no reason not to run. */
async function startApi(app: App): Promise<string | null> {
  try {
    return (await app.startApi({})).url
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'port_in_use' && error.code !== 'listen_failed')) throw error
    process.stderr.write(`${error.message}\n`)
    return null
  }
}

/** A client may ask for the end as well (`mlxk stop`). */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Resolves at the first signal. After it the system's own reaction holds again, so a second one ends what does not end. */
function waitForSignal(): Promise<void> {
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const name of names) process.off(name, stop)
      resolve()
    }
    for (const name of names) process.on(name, stop)
  })
}

main()
  .catch((error: unknown) => {
    const serialized = toSerializedError(error)
    const detail = serialized.code === 'internal' && error instanceof Error ? `${error.stack ?? error.message}\n` : ''
    process.stderr.write(`${detail}${JSON.stringify({ error: serialized })}\n`)
    process.exitCode = exitCodes[serialized.code]
  })
  // All that must be ended has ended; a program that hangs, or a client that does not read, shall not keep us. Our exit ends them.
  .finally(() => process.exit())
