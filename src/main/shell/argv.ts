/** How this process was started: as the app, or with a command as the headless command line. */
export type Start = { mode: 'app' } | { mode: 'cli'; args: string[] }

/** Options of the `electron` command that take the next word as their value. */
const TAKES_VALUE = new Set(['-r', '--require', '-a', '--abi'])

/** Options that make a command line by themselves. */
const COMMAND_OPTIONS = new Set(['--json', '--json=full', '--help', '-h', '--version', '-V'])

/** Everything after the program, and in development after Electron's own options and the app's path. */
function ownArgs(argv: readonly string[], isDefaultApp: boolean): string[] {
  if (!isDefaultApp) return argv.slice(1)
  let at = 1
  while (at < argv.length && argv[at]?.startsWith('-') === true) at += TAKES_VALUE.has(argv[at] ?? '') ? 2 : 1
  return argv.slice(at + 1)
}

/**
 * Tells a command from Chromium's switches (`--no-sandbox`, `--remote-debugging-port=0`, macOS' `-psn_0_1`): those may stand before the
 * command; from the command on every word is the command line's. A link (`scheme://…`) opens the app.
 */
export function parseStart(argv: readonly string[], isDefaultApp: boolean): Start {
  const args = ownArgs(argv, isDefaultApp)
  const command = args.findIndex((arg) => !arg.startsWith('-') && !/^[a-z][a-z0-9+.-]*:\/\//i.test(arg))
  const leading = (command === -1 ? args : args.slice(0, command)).filter((arg) => COMMAND_OPTIONS.has(arg))
  if (command === -1) return leading.length > 0 ? { mode: 'cli', args: leading } : { mode: 'app' }
  return { mode: 'cli', args: [...leading, ...args.slice(command)] }
}
