import { InvalidArgumentError } from 'commander'
import type { PruneCategory, PruneItem, PrunePlan, PruneResult } from '../../../shared/contract'
import type { PrunePreview } from '../../../shared/contract/documents'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { canAsk, confirm } from '../output/confirm'
import { count } from '../output/removal'
import { renderTable } from '../output/table'
import { formatSize } from '../output/text'

interface PruneOptions {
  dryRun?: boolean
  force?: boolean
  yes?: boolean
  verbose?: boolean
  category?: PruneCategory[]
}

const names: Readonly<Record<PruneCategory, { one: string; many: string; what: string }>> = {
  detached_revision: {
    one: 'detached revision',
    many: 'detached revisions',
    what: 'no ref leads there, and a whole revision with a ref stands for the model',
  },
  stale_partial: { one: 'stale download', many: 'stale downloads', what: 'begun, and continued by nobody' },
  orphan_blob: { one: 'orphan blob', many: 'orphan blobs', what: 'used by no revision' },
  dangling_link: { one: 'dangling link', many: 'dangling links', what: 'the blob is gone' },
  empty_folder: { one: 'empty folder', many: 'empty folders', what: 'nothing is in it' },
  unfinished_removal: { one: 'unfinished removal', many: 'unfinished removals', what: 'an earlier run was stopped' },
}

const categories = Object.keys(names) as PruneCategory[]
const spell = (category: PruneCategory): string => category.replace('_', '-')

function readCategories(text: string, before: PruneCategory[] = []): PruneCategory[] {
  const chosen = text.split(',').map((word) => {
    const category = categories.find((each) => each === word.trim().replace('-', '_'))
    if (category === undefined) throw new InvalidArgumentError(`It is one of ${categories.map(spell).join(', ')}.`)
    return category
  })
  return [...new Set([...before, ...chosen])]
}

const examples = `
Never proposes a good model that merely lacks a ref. Asks on a terminal; without one it only shows the plan unless --yes is given.

Categories: ${categories.map(spell).join(', ')}

Examples:
  mlxk prune                                  the plan, then the question
  mlxk prune --dry-run --verbose              every single thing that would go
  mlxk prune --category stale-partial --yes   only downloads that nobody continues
  mlxk2 prune --dry-run | jq .plan.summary`

export const prune: CliCommand = {
  define: (command, submit) => {
    command
      .option('--dry-run', 'show what would be removed')
      .option('-y, --yes', 'do not ask')
      .option('-f, --force', 'do not ask')
      .option('--category <name>', 'only this kind; may be repeated', readCategories)
      .option('-v, --verbose', 'name every single thing')
      .addHelpText('after', examples)
      .action((options: PruneOptions) => submit((context) => run(context, options)))
  },
}

async function run(context: Context, options: PruneOptions): Promise<Outcome> {
  const { openStorage } = await import('../services/storage')
  const storage = openStorage(context)
  const choice = { categories: options.category }
  const plan = await storage.planPrune(choice)
  const most = options.verbose === true ? Infinity : MOST
  const agreed = options.force === true || options.yes === true
  if (options.dryRun === true || (!agreed && plan.items.length > 0)) {
    const asks = options.dryRun !== true
    if (!asks || !canAsk(context)) {
      const data: PrunePreview = { plan, requires_confirmation: asks }
      return { data, print: () => printPreview(context, data, most) }
    }
    printPlan(context, plan, context.talk, most)
    if (!(await confirm(context, `Remove ${count(plan.items.length, 'thing')}, ${formatSize(plan.bytes_freed)}?`))) {
      return { data: { plan, requires_confirmation: true }, print: () => context.note('Nothing was removed.') }
    }
  }
  const result = await storage.prune(plan, choice)
  return { data: result, exitCode: result.skipped.length === 0 ? 0 : 1, print: () => printResult(context, result) }
}

/** Lines of one kind before the rest is only counted. */
const MOST = 10

/** The model and the place in it; long hashes only by their beginning, unless everything is to be named. */
function placeOf({ name, path, category }: PruneItem, most: number): [string, string] {
  const inside = name === null || category === 'unfinished_removal' ? path : path.split('/').slice(1).join('/')
  const shown = most === Infinity ? inside : inside.replace(/[0-9a-f]{40,64}/g, (hash) => `${hash.slice(0, 12)}…`)
  return [name ?? '-', shown === '' ? 'the whole folder' : shown]
}

const sizeOf = (bytes: number): string => (bytes === 0 ? '' : formatSize(bytes))

function printPlan(context: Context, plan: PrunePlan, write: (line: string) => void, most: number): void {
  const { paint, io } = context
  for (const { category, count: number, bytes_freed: bytes } of plan.summary) {
    const { one, many, what } = names[category]
    write(`${paint.bold(count(number, one, many))}${bytes === 0 ? '' : `, ${formatSize(bytes)}`}: ${what}`)
    const items = plan.items.filter((item) => item.category === category).sort((a, b) => b.bytes_freed - a.bytes_freed)
    const rows = items
      .slice(0, most)
      .map((item) => ['', ...(bytes === 0 ? [] : [sizeOf(item.bytes_freed)]), ...placeOf(item, most)])
    const columns = [
      { title: '' },
      ...(bytes === 0 ? [] : [{ title: '', align: 'right' as const }]),
      { title: '', narrow: 'shrink' as const, cut: 'middle' as const },
      { title: '', narrow: 'shrink' as const, cut: 'middle' as const },
    ]
    const table = renderTable(columns, rows, { available: io.stdout.columns(), head: () => '' })
    for (const line of table.split('\n').slice(1)) write(line)
    if (items.length > most) write(`  … and ${items.length - most} more: --verbose names them`)
  }
  for (const { path, name, reason } of plan.left_out) write(paint.yellow(`left out: ${name ?? path} — ${reason}`))
}

function printPreview(context: Context, { plan, requires_confirmation: asks }: PrunePreview, most: number): void {
  printPlan(context, plan, context.say, most)
  if (plan.items.length === 0) context.say('There is nothing to remove.')
  else context.say(`${count(plan.items.length, 'thing')} would go, ${formatSize(plan.bytes_freed)} would be freed.`)
  if (asks) context.note('Nothing was removed. Add --yes to do it.')
}

function printResult(context: Context, { plan, done, skipped, bytes_freed: freed }: PruneResult): void {
  const { say, paint } = context
  if (plan.items.length === 0) {
    for (const { path, name, reason } of plan.left_out) say(paint.yellow(`left out: ${name ?? path} — ${reason}`))
    say('There is nothing to remove.')
    return
  }
  for (const { category } of plan.summary) {
    const gone = done.filter((item) => item.category === category)
    const bytes = gone.reduce((sum, item) => sum + item.bytes_freed, 0)
    const size = bytes === 0 ? '' : `, ${formatSize(bytes)}`
    if (gone.length > 0) say(`${paint.green('removed')} ${count(gone.length, names[category].one, names[category].many)}${size}`)
  }
  for (const { item, reason } of skipped) say(`${paint.yellow('left')} ${placeOf(item, MOST).join(' ')} — ${reason}`)
  for (const { path, name, reason } of plan.left_out) say(paint.yellow(`left out: ${name ?? path} — ${reason}`))
  say(`${formatSize(freed)} freed.`)
}
