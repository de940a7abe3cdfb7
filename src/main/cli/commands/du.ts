import type { ModelUsage, RevisionUsage, StorageUsage } from '../../../shared/contract'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { count } from '../output/removal'
import { renderTable, type Column } from '../output/table'
import { warnAboutRoots } from '../output/roots'
import { formatSize, safeLine, shortHash } from '../output/text'

const examples = `
Size: each file once, however many revisions use it. Shared: other models use it, too. Frees: what removing the model gives back.
Waste: what "mlxk prune" would remove of it.

Examples:
  mlxk du                      every model, the largest first
  mlxk du Llama-3.2-1B         one model by revision and kind
  mlxk2 du | jq '.total.size_bytes, .models[0].name'`

export const du: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'a name, part of a name, or name@hash')
      .addHelpText('after', examples)
      .action((model: string | undefined) => submit((context) => run(context, model)))
  },
}

async function run(context: Context, model: string | undefined): Promise<Outcome> {
  const [{ openStorage }, { narrowUsage }] = await Promise.all([import('../services/storage'), import('../../core/storage')])
  const usage = await openStorage(context).usage()
  if (model === undefined) return { data: usage, print: () => printAll(context, usage) }
  const data = narrowUsage(usage, model)
  return { data, print: () => data.models.forEach((each) => printModel(context, each)) }
}

/** Nothing is a dash: columns of zeros hide the few numbers that matter. */
const size = (bytes: number): string => (bytes === 0 ? '-' : formatSize(bytes))

interface Cell<T> {
  column: Column
  text: (of: T) => string
}

const cells: Cell<ModelUsage>[] = [
  { column: { title: 'Name', narrow: 'shrink', cut: 'middle' }, text: ({ name }) => name },
  { column: { title: 'Size', align: 'right' }, text: ({ size_bytes: bytes }) => formatSize(bytes) },
  { column: { title: 'Weights', align: 'right', narrow: 2 }, text: ({ kinds }) => size(kinds.weights) },
  { column: { title: 'Partial', align: 'right', narrow: 3 }, text: ({ kinds }) => size(kinds.partials) },
  { column: { title: 'Shared', align: 'right', narrow: 4 }, text: ({ shared_bytes: bytes }) => size(bytes) },
  { column: { title: 'Frees', align: 'right', narrow: 5 }, text: ({ removable_bytes: bytes }) => size(bytes) },
  { column: { title: 'Waste', align: 'right', narrow: 6 }, text: ({ reclaimable_bytes: bytes }) => size(bytes) },
  { column: { title: 'Revs', align: 'right', narrow: 1 }, text: ({ revisions }) => String(revisions.length) },
]

function print<T>({ say, io, paint }: Context, shown: readonly Cell<T>[], of: readonly T[], last: readonly string[] = []): void {
  const columns = shown.map(({ column }) => column)
  const rows = of.map((each) => shown.map(({ text }) => text(each)))
  const all = last.length === 0 ? rows : [...rows, last]
  say(renderTable(columns, all, { available: io.stdout.columns(), head: paint.bold }))
}

/** A column of dashes says nothing. */
const tells = <T>({ column, text }: Cell<T>, of: readonly T[]): boolean =>
  column.narrow === undefined || of.some((each) => !['-', '1'].includes(text(each)))

function printAll(context: Context, { models, roots, total }: StorageUsage): void {
  const { note, paint, talkPaint, program } = context
  warnAboutRoots(
    context,
    roots.map(({ root }) => root),
  )
  if (models.length === 0) {
    note('There are no models.')
    return
  }
  const sums: Record<string, string> = {
    Name: `Total of ${models.length}`,
    Size: formatSize(total.size_bytes),
    // What several models share counts for each of them.
    Weights: total.shared_bytes > 0 ? '' : size(total.kinds.weights),
    Partial: size(total.kinds.partials),
    Waste: size(total.reclaimable_bytes),
  }
  const shown = cells.filter((cell) => tells(cell, models))
  const last = shown.map(({ column }) => sums[column.title] ?? '').map((text) => (text === '' ? '' : paint.bold(text)))
  print(context, shown, models, last)
  for (const { name, problem } of models) if (problem !== null) note(talkPaint.yellow(`${name}: ${problem}`))
  for (const { root, free_bytes: free } of roots) {
    if (root.state === 'ok' && free !== null) note(talkPaint.dim(`${formatSize(free)} free on the disk of ${root.path}`))
  }
  if (total.reclaimable_bytes > 0) note(`  See what can go without losing a model: ${program} prune --dry-run`)
}

const revisionCells: Cell<RevisionUsage>[] = [
  { column: { title: 'Revision' }, text: ({ hash, chosen }) => `${shortHash(hash)}${chosen ? ' *' : ''}` },
  { column: { title: 'Refs', narrow: 'shrink' }, text: ({ refs }) => (refs.length === 0 ? '-' : refs.join(', ')) },
  { column: { title: 'Files', align: 'right', narrow: 1 }, text: ({ files }) => String(files) },
  { column: { title: 'Size', align: 'right' }, text: ({ size_bytes: bytes }) => formatSize(bytes) },
  { column: { title: 'Frees', align: 'right' }, text: ({ removable_bytes: bytes }) => size(bytes) },
]

function printModel(context: Context, model: ModelUsage): void {
  const { say, paint, program } = context
  const { kinds } = model
  const lines: [string, number, string][] = [
    ['Size', model.size_bytes, ''],
    ['Weights', kinds.weights, ''],
    ['Other files', kinds.other, ''],
    ['Unfinished', kinds.partials, 'downloads'],
    ['Orphans', kinds.orphans, 'blobs that no revision uses'],
    ['Shared', model.shared_bytes, 'other models use it, too'],
    ['On disk', model.disk_bytes, ''],
    ['Frees', model.removable_bytes, `${program} rm ${model.name}`],
    ['Waste', model.reclaimable_bytes, `${program} prune`],
  ]
  say(paint.bold(safeLine(model.name)))
  for (const [label, bytes, remark] of lines) {
    if (bytes === 0 && label !== 'Frees') continue
    say(safeLine(`  ${label.padEnd(12)}${formatSize(bytes).padStart(9)}${remark === '' ? '' : `  ${paint.dim(remark)}`}`))
  }
  if (model.problem !== null) say(safeLine(`  ${paint.yellow(model.problem)}`))
  if (model.revisions.length === 0) return
  say('')
  print(context, revisionCells, model.revisions)
  if (model.revisions.length > 1) context.note(paint.dim(`${count(model.revisions.length, 'revision')}; * stands for the model`))
}
