import type { Download, DownloadList } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { OwnerClient } from '../../core/ownership'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { formatSeconds } from '../output/pull-progress'
import type { Column } from '../output/table'
import { formatSize, safeLine } from '../output/text'

const examples = `
The queue belongs to the MLX Knife that runs ("mlxk serve", "mlxk ui", the app) and goes on after a restart. "mlxk pull" waits for one model;
what a window or the API asks for is fetched one after the other. An ID may be shortened, or be the name of the model.

Examples:
  mlxk downloads
  mlxk downloads pause --all
  mlxk downloads move Llama-3.2-1B 0         fetch this next
  mlxk downloads cancel 3f2a --keep          stop, and keep what was fetched
  mlxk downloads --json | jq -r '.data.downloads[] | select(.state == "failed") | .model'`

export const downloads: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples).action(() => submit(list))
    const forEach = (name: 'pause' | 'resume' | 'clear', description: string): void => {
      command
        .command(name)
        .description(description)
        .argument('[id]', 'id or model')
        .option('--all', 'all of them')
        .action((id: string | undefined, { all }: { all?: boolean }) =>
          submit((context) => change(context, name, id, all === true)),
        )
    }
    forEach('pause', 'Let downloads rest until they are resumed.')
    forEach('resume', 'Go on with paused or failed downloads.')
    forEach('clear', 'Forget downloads that have ended. Their files stay.')
    command
      .command('cancel')
      .description('Stop a download and remove its unfinished files.')
      .argument('<id>', 'id or model')
      .option('--keep', 'keep what was fetched, for another time')
      .action((id: string, { keep }: { keep?: boolean }) =>
        submit((context) =>
          act(context, (owner, known) => owner.call('downloads.cancel', { id: find(known, id).id, keep: keep === true })),
        ),
      )
    command
      .command('move')
      .description('Put a download at another place of the queue.')
      .argument('<id>', 'id or model')
      .argument('<place>', '0 is the first')
      .action((id: string, place: string) =>
        submit((context) => {
          if (!/^\d{1,4}$/.test(place))
            throw new AppError('usage', `The place must be a whole number, and it is ${JSON.stringify(place)}.`)
          return act(context, (owner, known) => owner.call('downloads.move', { id: find(known, id).id, to: Number(place) }))
        }),
      )
  },
}

async function connect(context: Context): Promise<OwnerClient | null> {
  const { connectToOwner } = await import('../services/owner')
  return await connectToOwner(context, context.interruption().signal)
}

async function list(context: Context): Promise<Outcome> {
  const owner = await connect(context)
  if (owner !== null) {
    const data = await owner.call('downloads.list', {})
    return { data, print: () => printList(context, data) }
  }
  // What an owner has left is there to be seen, by whoever asks.
  const { readQueue } = await import('../../core/queue')
  const data: DownloadList = { downloads: readQueue(context.paths.downloads) }
  return {
    data,
    print: async () => {
      await printList(context, data)
      if (data.downloads.some(({ state }) => state === 'queued'))
        context.note(`MLX Knife is not running; it goes on with them when it does: "${context.program} serve".`)
    },
  }
}

async function act(
  context: Context,
  work: (owner: OwnerClient, known: readonly Download[]) => Promise<DownloadList>,
): Promise<Outcome> {
  const owner = await connect(context)
  if (owner === null)
    throw new AppError('connection_lost', 'MLX Knife is not running, and the queue of downloads is its own.', {
      hint: `"${context.program} serve" starts it. "${context.program} pull MODEL" needs none.`,
    })
  const data = await work(owner, (await owner.call('downloads.list', {})).downloads)
  return { data, print: () => printList(context, data) }
}

function change(context: Context, name: 'pause' | 'resume' | 'clear', typed: string | undefined, all: boolean): Promise<Outcome> {
  if ((typed === undefined) === !all) throw new AppError('usage', 'Name a download, or say --all.')
  return act(context, async (owner, known) => {
    const id = typed === undefined ? null : find(known, typed).id
    if (name === 'pause') return await owner.call('downloads.pause', { id })
    if (name === 'resume') return await owner.call('downloads.resume', { id })
    await owner.call('downloads.clear', { id })
    return await owner.call('downloads.list', {})
  })
}

/** By id, by its beginning, by the model's name or a part of it. @throws AppError download_not_found, ambiguous_match */
function find(known: readonly Download[], typed: string): Download {
  const word = typed.toLowerCase()
  const tries = [
    (each: Download) => each.id === typed || each.model.toLowerCase() === word,
    (each: Download) => word.length >= 3 && each.id.startsWith(word),
    (each: Download) => each.model.toLowerCase().includes(word),
  ]
  for (const matches of tries) {
    const found = known.filter(matches)
    if (found.length === 1 && found[0] !== undefined) return found[0]
    if (found.length > 1)
      throw new AppError('ambiguous_match', `"${typed}" stands for ${found.length} downloads.`, {
        hint: 'Use the id.',
        data: { matches: found.map(({ id, model }) => `${id} ${model}`) },
      })
  }
  throw new AppError('download_not_found', `There is no download "${typed}".`, { hint: '"mlxk downloads" lists them.' })
}

const columns: readonly { column: Column; text: (download: Download) => string }[] = [
  { column: { title: 'Id', narrow: 2 }, text: ({ id }) => id.slice(0, 8) },
  {
    column: { title: 'Model', narrow: 'shrink', cut: 'middle' },
    text: ({ model, revision }) => safeLine(revision === null ? model : `${model}@${revision}`),
  },
  {
    column: { title: 'State' },
    text: ({ state, health }) => (state === 'done' && health === 'unhealthy' ? 'done, unhealthy' : state),
  },
  { column: { title: 'Done', align: 'right' }, text: formatDone },
  {
    column: { title: 'Speed', align: 'right', narrow: 3 },
    text: ({ bytes_per_second: speed }) => (speed === 0 ? '-' : `${formatSize(speed)}/s`),
  },
  {
    column: { title: 'Left', align: 'right', narrow: 1 },
    text: ({ eta_seconds: eta }) => (eta === null ? '-' : formatSeconds(eta)),
  },
]

function formatDone({ done_bytes: done, total_bytes: total }: Download): string {
  if (total === null) return '-'
  return done >= total ? formatSize(total) : `${Math.floor((done / total) * 100)}% of ${formatSize(total)}`
}

async function printList(context: Context, { downloads: all }: DownloadList): Promise<void> {
  if (all.length === 0) {
    context.note(`Nothing is fetched. "${context.program} pull MODEL" fetches a model.`)
    return
  }
  const { renderTable } = await import('../output/table')
  const rows = all.map((download) => columns.map(({ text }) => text(download)))
  context.say(
    renderTable(
      columns.map(({ column }) => column),
      rows,
      { available: context.io.stdout.columns(), head: context.paint.bold },
    ),
  )
  for (const { model, state, note, error, reason } of all) {
    const why =
      state === 'failed'
        ? [error?.message, error?.hint].filter(Boolean).join(' ')
        : state === 'waiting'
          ? note
          : state === 'done'
            ? reason
            : null
    if (why !== null && why !== '') context.note(context.talkPaint.yellow(safeLine(`${model}: ${why}`)))
  }
}
