import { app } from 'electron'
import { parseStart } from './shell/argv'

const start = parseStart(process.argv, process.defaultApp)

/** The command line in the app's clothes: no lock, no tray, no window, no Dock; only data on stdout. */
async function runHeadless(args: string[]): Promise<void> {
  app.disableHardwareAcceleration()
  if (process.platform === 'darwin') app.setActivationPolicy('prohibited')
  app.on('window-all-closed', () => undefined)
  const { runCli } = await import('./cli')
  app.exit(await runCli(args))
}

async function runApp(): Promise<void> {
  const { prepareShell, startShell } = await import('./shell')
  if (!prepareShell(process.env)) return app.exit(0)
  await startShell(process.env)
}

void (start.mode === 'cli' ? runHeadless(start.args) : runApp()).catch((error: unknown) => {
  process.stderr.write(`MLX Knife could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  app.exit(1)
})
