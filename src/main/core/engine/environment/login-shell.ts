import { isAbsolute } from 'node:path'
import { readVariable, type Env } from '../../system'
import { commandEnvironment } from './command-environment'
import type { RunCommand } from './run-command'

/**
 * PATH as the user's own shell has it: a program started from the Dock or a desktop gets a shorter one, and tools that change it (pyenv,
 * conda) do so in files that only an interactive shell reads. Null when it cannot be had in five seconds.
 * @throws AppError cancelled
 */
export async function askLoginShell(run: RunCommand, env: Env, signal: AbortSignal): Promise<string | null> {
  const shell = readVariable(env, 'SHELL')
  if (shell === undefined || !isAbsolute(shell)) return null
  // Marked, because such files like to print.
  const script = 'printf "\\n<mlxk>%s</mlxk>\\n" "$PATH"'
  const { code, stdout } = await run(shell, ['-ilc', script], { env: commandEnvironment(env), signal, timeoutMs: 5000 })
  const path = code === 0 ? /<mlxk>(.*)<\/mlxk>/.exec(stdout)?.[1] : undefined
  return path === undefined || path === '' || path === env['PATH'] ? null : path
}
