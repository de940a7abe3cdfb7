import { searchQuery, type Fit, type HubModel, type SearchResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import type { Column } from '../output/table'
import { formatAge, formatSize, safeLine } from '../output/text'

interface SearchOptions {
  sort?: string
  limit?: string
  page?: string
  owner?: string
  tag?: string[]
  bits?: string
  fits?: boolean
  any?: boolean
}

const examples = `
Fits says whether the model would run on this machine, and with how long a context, before anything of it is fetched: judged from its
configuration and the sizes of its files, a few kilobytes that are remembered. MLX models only, unless --any.

Examples:
  mlxk search qwen3                          by downloads
  mlxk search qwen3 --bits 4 --fits          4-bit models that run here
  mlxk search --owner mlx-community --sort modified
  mlxk search llama --page 2
  mlxk2 search qwen3 --fits | jq -r '.models[].name'`

const sorts = ['downloads', 'likes', 'modified', 'created', 'trending']

export const search: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[query]', 'words of the name')
      .option('-s, --sort <order>', `${sorts.slice(0, -1).join(', ')} or ${sorts.at(-1)}`, 'downloads')
      .option('-n, --limit <count>', 'models per page, 1 to 100', '20')
      .option('-p, --page <number>', 'which page', '1')
      .option('--owner <name>', 'only models of this organization or user')
      .option('--tag <tag...>', 'only models with these tags of the Hub')
      .option('--bits <number>', 'only models of so many bits per weight')
      .option('--fits', 'only models that run on this machine')
      .option('--any', 'models of every framework')
      .addHelpText('after', examples)
      .action((query: string | undefined, options: SearchOptions) => submit((context) => run(context, query ?? '', options)))
  },
}

function toNumber(name: string, text: string, low: number, high: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= low && value <= high) return value
  throw new AppError('usage', `--${name} must be a whole number from ${low} to ${high}, and it is ${JSON.stringify(text)}.`)
}

async function run(context: Context, words: string, options: SearchOptions): Promise<Outcome> {
  const limit = toNumber('limit', options.limit ?? '20', 1, 100)
  const page = toNumber('page', options.page ?? '1', 1, 100)
  if (!sorts.includes(options.sort ?? 'downloads'))
    throw new AppError('usage', `--sort must be one of ${sorts.join(', ')}, and it is ${JSON.stringify(options.sort)}.`)
  if (words.length > 200) throw new AppError('usage', 'The query is longer than 200 characters.')
  const query = searchQuery.parse({
    query: words,
    sort: options.sort,
    limit,
    skip: (page - 1) * limit,
    owner: options.owner ?? null,
    tags: options.tag ?? [],
    bits: options.bits === undefined ? null : toNumber('bits', options.bits, 1, 32),
    fits: options.fits === true,
    mlx: options.any !== true,
  })
  const { openSearch } = await import('../services/discover')
  const data = await openSearch(context).search(query, context.interruption().signal)
  return { data, print: () => print(context, data, words, page) }
}

/** `yes`, `32K context`, `needs 40 GB`: the shortest that says what matters. */
export function formatFit({ verdict, context_tokens: tokens, needed_bytes: needed }: Fit): string {
  if (verdict === 'runs') return 'yes'
  if (verdict === 'runs_short') return `${tokens === null || tokens < 1024 ? tokens : `${Math.floor(tokens / 1024)}K`} context`
  if (verdict === 'too_large') return needed === null ? 'too large' : `needs ${formatSize(needed)}`
  return verdict === 'cannot_run' ? 'cannot run' : 'unknown'
}

function formatCount(count: number): string {
  return Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(count)
}

async function print(context: Context, { models, next_skip: next }: SearchResult, words: string, page: number): Promise<void> {
  if (models.length === 0) {
    context.note(
      words.trim() === '' ? 'No model of the Hub is like that.' : `No model of the Hub is like ${JSON.stringify(words)}.`,
    )
    context.note(`  Fewer words or filters find more; "${context.program} search --any" also models that are not MLX.`)
    return
  }
  const { paint } = context
  const colour = ({ fit: { verdict } }: HubModel): ((text: string) => string) =>
    verdict === 'runs' ? paint.green : verdict === 'too_large' || verdict === 'cannot_run' ? paint.red : paint.yellow
  const { renderTable } = await import('../output/table')
  const now = Date.now()
  const cells: { column: Column; text: (model: HubModel) => string }[] = [
    { column: { title: 'Name', narrow: 'shrink', cut: 'middle' }, text: ({ name }) => safeLine(name) },
    { column: { title: 'Size', align: 'right' }, text: ({ size_bytes: bytes }) => (bytes === null ? '-' : formatSize(bytes)) },
    {
      column: { title: 'Quant', narrow: 4 },
      text: ({ quantization }) => (quantization === null ? '-' : `${quantization.bits}-bit`),
    },
    { column: { title: 'Fits' }, text: (model) => colour(model)(formatFit(model.fit)) },
    { column: { title: 'Downloads', align: 'right', narrow: 6 }, text: ({ downloads }) => formatCount(downloads) },
    { column: { title: 'Likes', align: 'right', narrow: 1 }, text: ({ likes }) => formatCount(likes) },
    {
      column: { title: 'Modified', narrow: 3 },
      text: (model) => (model.last_modified === null ? '-' : formatAge(model.last_modified, now)),
    },
    { column: { title: 'Licence', narrow: 2 }, text: ({ license }) => safeLine(license ?? '-') },
    { column: { title: '', narrow: 5 }, text: ({ gated, cached }) => (cached ? 'in the cache' : gated === null ? '' : 'gated') },
  ]
  const columns = cells.map(({ column }) => column)
  const rows = models.map((model) => cells.map(({ text }) => text(model)))
  context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: paint.bold }))
  if (next !== null) context.note(context.talkPaint.dim(`More: --page ${page + 1}`))
}
