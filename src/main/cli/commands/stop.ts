import type { RunningOwner, StopResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'

const examples = `
Ends whatever owns the data folder: "mlxk serve", "mlxk ui", the app. Open answers get a moment, engines end. It is no error when nothing
runs.

Examples:
  mlxk stop
  mlxk stop --json | jq .data.stopped`

/** A clean end takes 5 s at most; a busy machine gets more. */
const patienceMs = 20_000

export const stop: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples).action(() => submit(run))
  },
}

async function run(context: Context): Promise<Outcome> {
  const { connectToOwner, toRunningOwner } = await import('../services/owner')
  const { readLockedRecord, waitUntilFree } = await import('../../core/ownership')
  const { signal } = context.interruption()
  const owner = await connectToOwner(context, signal)
  if (owner === null) {
    const silent = readLockedRecord(context.paths)
    if (silent !== null) throw noAnswer(silent.pid)
    return done(context, { stopped: false, owner: null })
  }
  const running = toRunningOwner(owner)
  await owner.call('app.stop', {}, { signal })
  if (!(await waitUntilFree(context.paths, { patienceMs, signal }))) {
    if (signal.aborted) throw new AppError('cancelled', 'Interrupted.')
    throw new AppError('timeout', `MLX Knife (pid ${running.pid}) was asked to end, and has not after ${patienceMs / 1000} s.`, {
      hint: `To end it by force: kill -9 ${running.pid}`,
      data: { pid: running.pid },
    })
  }
  return done(context, { stopped: true, owner: running })
}

function noAnswer(pid: number | null): AppError {
  return new AppError('timeout', `MLX Knife runs${pid === null ? '' : ` (pid ${pid})`}, but does not answer.`, {
    hint: pid === null ? 'See "mlxk doctor".' : `To end it by force: kill -9 ${pid}`,
    data: { pid },
  })
}

const kinds: Record<RunningOwner['kind'], string> = { app: 'the app', serve: 'mlxk serve', daemon: 'mlxk ui' }

function done(context: Context, data: StopResult): Outcome {
  const print = (): void => {
    if (data.owner === null) context.note('MLX Knife is not running.')
    else context.say(`Stopped ${kinds[data.owner.kind]} (pid ${data.owner.pid}).`)
  }
  return { data, print }
}
