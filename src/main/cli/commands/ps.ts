import type { LoadedModel } from '../../../shared/contract'
import type { PsResult } from '../../../shared/contract/documents'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import type { Column } from '../output/table'
import { formatSize, formatSpan } from '../output/text'

const examples = `
Examples:
  mlxk ps
  mlxk ps --json | jq -r '.data.models[] | select(.pinned) | .name'
  mlxk2 ps | jq '.memory'`

export const ps: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples).action(() => submit(show))
  },
}

async function show(context: Context): Promise<Outcome> {
  const { connectToOwner, readState, toRunningOwner } = await import('../services/owner')
  const owner = await connectToOwner(context, context.interruption().signal)
  if (owner === null) {
    const data: PsResult = { models: [], memory: null, owner: null }
    return { data, print: () => context.note(`MLX Knife is not running. "${context.program} serve" starts it.`) }
  }
  const [{ loaded }, memory] = await Promise.all([readState(owner), owner.call('engine.memory', {}).catch(() => null)])
  const data: PsResult = { models: loaded, memory, owner: toRunningOwner(owner) }
  return { data, print: () => printModels(context, data) }
}

async function printModels(context: Context, { models, memory }: PsResult): Promise<void> {
  if (models.length === 0) context.note('No model is loaded. A request loads the one that it names.')
  else {
    const { renderTable } = await import('../output/table')
    const now = Date.now()
    const rows = models.map((model) => cells.map(({ text }) => text(model, now)))
    context.say(
      renderTable(
        cells.map(({ column }) => column),
        rows,
        { available: context.io.stdout.columns(), head: context.paint.bold },
      ),
    )
    for (const { name, error } of models) if (error !== null) context.note(context.talkPaint.yellow(`${name}: ${error.message}`))
  }
  if (memory === null) return
  const used = `${formatSize(memory.reserved_bytes)} of ${formatSize(memory.limit_bytes)}`
  context.note(context.talkPaint.dim(`Set aside for models: ${used}.`))
}

const cells: readonly { column: Column; text: (model: LoadedModel, now: number) => string }[] = [
  { column: { title: 'Name', narrow: 'shrink', cut: 'middle' }, text: ({ name }) => name },
  { column: { title: 'State' }, text: formatState },
  { column: { title: 'Memory', align: 'right' }, text: ({ memory_bytes: bytes }) => (bytes === null ? '-' : formatSize(bytes)) },
  { column: { title: 'Context', align: 'right', narrow: 1 }, text: ({ context_length: tokens }) => String(tokens) },
  { column: { title: 'Answers', align: 'right', narrow: 3 }, text: formatWork },
  { column: { title: 'Unloads', narrow: 4 }, text: formatExpiry },
  { column: { title: 'Pid', align: 'right', narrow: 2 }, text: ({ pid }) => (pid === null ? '-' : String(pid)) },
]

function formatState({ state, progress }: LoadedModel): string {
  return progress === null ? state : `${state} ${Math.round(progress * 100)}%`
}

/** `2`, or `2 +5` when five wait. */
function formatWork({ in_flight: working, queued }: LoadedModel): string {
  return queued === 0 ? String(working) : `${working} +${queued}`
}

export function formatExpiry(
  {
    pinned,
    expires_at: at,
    keep_alive_s: seconds,
    in_flight: working,
  }: Pick<LoadedModel, 'pinned' | 'expires_at' | 'keep_alive_s' | 'in_flight'>,
  now: number,
): string {
  if (pinned) return 'pinned'
  if (at !== null) return `in ${formatSpan((Date.parse(at) - now) / 1000)}`
  if (seconds === null) return 'never'
  return working > 0 ? 'in use' : `idle ${formatSpan(seconds)}`
}
