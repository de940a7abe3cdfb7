import type { CacheRootState, ModelList, ModelSummary } from '../../../shared/contract'
import { toVisible } from '../../../shared/text/visible'
import type { CliCommand } from '../command'
import type { Context } from '../context'
import { projectList } from '../output/project'
import { warnAboutRoots } from '../output/roots'
import { formatAge, formatSize, shortHash, shorten } from '../output/text'
import type { Column } from '../output/table'

interface ListOptions {
  all?: boolean
  health?: boolean
  verbose?: boolean
}

const examples = `
Examples:
  mlxk list                    models that can run
  mlxk list llama --all        everything with "llama" in its name
  mlxk list --json | jq -r '.data.models[].name'
  mlxk2 list | jq -r '.models[].name'`

export const list: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[pattern]', 'part of a name, upper or lower case; a path (./x) lists models outside the cache')
      .option('-a, --all', 'also models that are unhealthy or cannot run')
      .option('--health', 'add the health of each model')
      .option('-v, --verbose', 'full names and more columns; with --health also the reasons')
      .addHelpText('after', examples)
      .action((pattern: string | undefined, options: ListOptions) => submit((context) => listModels(context, pattern, options)))
  },
}

async function listModels(context: Context, pattern: string | undefined, options: ListOptions) {
  const { openCatalog } = await import('../services/catalog')
  const catalog = openCatalog(context)
  const data = await catalog.list(pattern)
  return { data, projected: projectList(data), print: () => printList(context, data, pattern, options) }
}

const canRun = (model: ModelSummary): boolean => model.health === 'healthy' && model.runtime_compatible

async function printList(context: Context, list: ModelList, pattern: string | undefined, options: ListOptions): Promise<void> {
  warnAboutRoots(context, list.roots)
  const shown = options.all === true ? list.models : list.models.filter(canRun)
  if (shown.length > 0) {
    const { renderTable } = await import('../output/table')
    const { columns, row } = layOut(context, options, Date.now())
    context.say(renderTable(columns, shown.map(row), { available: context.io.stdout.columns(), head: context.paint.bold }))
  }
  const hidden = list.models.length - shown.length
  if (hidden > 0) {
    const unhealthy = list.models.filter((model) => model.health === 'unhealthy').length
    context.note(context.talkPaint.dim(hiddenLine(context.program, hidden, unhealthy, pattern)))
  } else if (shown.length === 0) printEmpty(context, list, pattern)
}

/** `3 more not shown (2 unhealthy, 1 cannot run): mlxk list --all` */
export function hiddenLine(program: string, hidden: number, unhealthy: number, pattern: string | undefined): string {
  const others = hidden - unhealthy
  const parts = [...(unhealthy > 0 ? [`${unhealthy} unhealthy`] : []), ...(others > 0 ? [`${others} cannot run`] : [])]
  const filter =
    pattern === undefined || pattern.trim() === '' ? '' : ` ${/^[\w./-]+$/.test(pattern) ? pattern : JSON.stringify(pattern)}`
  return `${hidden} more not shown (${parts.join(', ')}): ${program} list${filter} --all`
}

function printEmpty(context: Context, { roots }: ModelList, pattern: string | undefined): void {
  if (pattern !== undefined && pattern.trim() !== '') {
    context.note(`No model has ${JSON.stringify(pattern)} in its name.`)
    context.note(`  "${context.program} list --all" shows every model.`)
    return
  }
  const primary = roots.find(({ kind }) => kind === 'primary')
  const where =
    primary === undefined ? '' : primary.state === 'missing' ? `: ${primary.path} does not exist yet` : ` in ${primary.path}`
  context.note(`There are no models${where}.`)
  context.note(`  Try "${context.program} demo", or fetch one: "${context.program} pull mlx-community/Llama-3.2-1B-Instruct-4bit".`)
}

interface Cell {
  column: Column
  text: (model: ModelSummary) => string
}

const sources: Record<CacheRootState['kind'], string> = { primary: 'cache', demo: 'demo', extra: 'extra', workspace: 'ws' }

export function formatType(model: ModelSummary): string {
  const extras = ['vision', 'audio'].filter((extra) => model.capabilities.includes(extra) && model.model_type !== extra)
  return [model.model_type, ...extras].join('+')
}

export function formatQuantization(model: ModelSummary): string {
  return model.quantization === null ? (model.dtype ?? '-') : `${model.quantization.bits}-bit`
}

function layOut(
  { paint }: Context,
  options: ListOptions,
  nowMs: number,
): { columns: Column[]; row: (model: ModelSummary) => string[] } {
  const verbose = options.verbose === true
  const details = verbose || options.all === true
  const shortName = (name: string): string => toVisible(verbose ? name : name.replace(/^mlx-community\//, ''))
  const cells: Cell[] = [
    { column: { title: 'Name', narrow: 'shrink', cut: 'middle' }, text: (model) => shortName(model.display_name ?? model.name) },
    { column: { title: 'Hash', narrow: 2 }, text: (model) => shortHash(model.hash) },
    { column: { title: 'Size', align: 'right' }, text: (model) => formatSize(model.size_bytes) },
    { column: { title: 'Modified', narrow: 4 }, text: (model) => formatAge(model.last_modified, nowMs) },
    { column: { title: 'Src', narrow: 1 }, text: (model) => (model.cached ? sources[model.root.kind] : 'ws') },
  ]
  if (details) {
    cells.push({ column: { title: 'Framework', narrow: 3 }, text: (model) => model.framework })
    cells.push({ column: { title: 'Quant', narrow: 5 }, text: formatQuantization })
  }
  cells.push({ column: { title: 'Type', narrow: 6 }, text: formatType })
  if (options.health === true || options.all === true) {
    const colour = (model: ModelSummary): ((text: string) => string) =>
      model.health === 'unhealthy' ? paint.red : model.runtime_compatible ? paint.green : paint.yellow
    const word = (model: ModelSummary): string => (canRun(model) || model.health === 'unhealthy' ? model.health : 'cannot run')
    cells.push({ column: { title: 'Health' }, text: (model) => colour(model)(word(model)) })
  }
  if (options.health === true && verbose) {
    cells.push({
      column: { title: 'Reason', narrow: 'shrink' },
      text: (model) => (model.reason === null ? '-' : shorten(model.reason, 100)),
    })
  }
  return { columns: cells.map(({ column }) => column), row: (model) => cells.map(({ text }) => text(model)) }
}
