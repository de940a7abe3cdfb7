import type { Command } from 'commander'
import { AppError, type ExitCode } from '../../shared/errors'
import type { Context } from './context'

/** What a command came to. `data` is form (b) of the JSON output; the frame projects and prints it, or calls `print`. */
export interface Outcome {
  data: object
  /** Form (a) where it differs from `data` (cli/output/project.ts). */
  projected?: object
  exitCode?: ExitCode
  /** Human output. */
  print?: () => void | Promise<void>
  /** The document is already out (serve, ui and demo print it while they go on). */
  printed?: boolean
}

export type Submit = (run: (context: Context) => Promise<Outcome>) => void

/** One command: declares its arguments and options, and submits what is to be done with them. */
export interface CliCommand {
  define: (command: Command, submit: Submit) => void
}

/** An error that ends the command with another exit code than its own kind does. */
export class ExitError extends AppError {
  readonly exitCode: ExitCode

  constructor(error: AppError, exitCode: ExitCode) {
    super(error.code, error.message, { hint: error.hint, data: error.data, cause: error })
    this.exitCode = exitCode
  }
}
