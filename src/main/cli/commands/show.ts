import { basename } from 'node:path'
import type { ModelDetail, ModelFile, ModelSummary, Revision } from '../../../shared/contract'
import type { CliCommand } from '../command'
import type { Context } from '../context'
import { projectShow } from '../output/project'
import { formatSize, safeLine, shortHash } from '../output/text'
import { formatType } from './list'

interface ShowOptions {
  files?: boolean
  config?: boolean
}

const examples = `
Examples:
  mlxk show Llama-3.2-1B             one model by part of its name
  mlxk show org/model@6d3f --files   the files of one revision
  mlxk show org/model --config --json | jq .data.config`

export const show: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'a name, part of a name, or name@hash')
      .option('--files', 'list the files')
      .option('--config', 'print config.json')
      .addHelpText('after', examples)
      .action((model: string, options: ShowOptions) => submit((context) => showModel(context, model, options)))
  },
}

async function showModel(context: Context, model: string, options: ShowOptions) {
  const { openCatalog } = await import('../services/catalog')
  const data = await openCatalog(context).show(model)
  const sections = { files: options.files === true, config: options.config === true }
  return { data, projected: projectShow(data, sections), print: () => printModel(context, data, sections) }
}

function describeHealth(model: ModelSummary): string {
  if (model.health === 'unhealthy') return 'unhealthy'
  return model.runtime_compatible ? 'healthy' : 'healthy (files OK, cannot run)'
}

function describeQuantization({ quantization, dtype }: ModelSummary): string {
  if (quantization === null) return dtype ?? '-'
  const group = quantization.group_size === null ? '' : ` (group_size=${quantization.group_size})`
  return `${quantization.bits}-bit${group}`
}

function describeContext({ context }: ModelSummary): string {
  return context.source === 'unknown' ? `${context.tokens} tokens assumed (the files do not say)` : `${context.tokens} tokens`
}

function describeHashes({ files }: ModelDetail, mend: string): string {
  const number = (state: ModelFile['hash_state']): number => files.filter(({ hash_state: each }) => each === state).length
  const checkable = files.length - number('unverifiable')
  const damaged = number('damaged')
  if (checkable === 0) return 'nothing to compare with'
  const verified = `${number('verified')} of ${checkable} files`
  if (damaged > 0) return `${verified}, ${damaged} damaged`
  return number('not_checked') === 0 ? verified : `${verified} (${mend})`
}

async function printModel(context: Context, detail: ModelDetail, sections: { files: boolean; config: boolean }): Promise<void> {
  const { program, paint } = context
  const { model, revisions } = detail
  const chosen = revisions.find((revision) => revision.chosen)
  const lines: [string, string][] = [
    ['Model', model.hash === null ? model.name : `${model.name}@${shortHash(model.hash)}`],
    ['Framework', model.framework],
    ['Type', formatType(model)],
    ['Capabilities', model.capabilities.join(', ')],
    ['Architecture', model.architecture ?? '-'],
    ['Quantization', describeQuantization(model)],
    ['Context', describeContext(model)],
    ['Size', formatSize(model.size_bytes)],
    ['Modified', model.last_modified],
    ...(chosen === undefined ? [] : [['Refs', chosen.refs.length === 0 ? 'none' : chosen.refs.join(', ')] as [string, string]]),
    ['Health', describeHealth(model)],
    // What is a problem is said below, with what mends it.
    ...(model.reason === null || model.findings.some(({ message }) => message === model.reason)
      ? []
      : [['Reason', model.reason] as [string, string]]),
    ['Verified', describeHashes(detail, `the rest: ${program} verify ${model.name}`)],
    ['Folder', detail.snapshot_path ?? '-'],
  ]
  const width = Math.max(...lines.map(([label]) => label.length)) + 1
  for (const [label, value] of lines) context.say(`${paint.bold(`${label}:`.padEnd(width))} ${safeLine(value)}`)
  await printProblems(context, model)
  await printRevisions(context, revisions)
  if (sections.files) await printFiles(context, detail)
  else if (sections.config) printConfig(context, detail)
  else if (detail.metadata !== null) {
    context.say('')
    for (const [key, value] of Object.entries(detail.metadata)) context.say(safeLine(`  ${key}: ${String(value)}`))
  }
}

/** What is wrong, the worst first, each with what mends it; the same remedy is said once. */
async function printProblems({ say, paint, program }: Context, { name, findings }: ModelSummary): Promise<void> {
  if (findings.length === 0) return
  const { whyLeft } = await import('../../core/repair')
  say(`\n${paint.bold('Problems')}`)
  const mendable = findings.some(({ repairable }) => repairable)
  for (const { severity, file, message, repairable, code } of findings) {
    const word = severity === 'error' ? paint.red('error') : paint.yellow('warning')
    const place = file === null || message.includes(basename(file)) ? '' : `${file}: `
    say(safeLine(`  ${word}: ${place}${message}${repairable ? '' : ` ${whyLeft(code)}`}`))
  }
  if (mendable) say(safeLine(`  Mend ${findings.length === 1 ? 'it' : 'what can be mended'}: ${program} repair ${name} --dry-run`))
}

/** One revision with everything of its own needs no table. */
async function printRevisions({ say, io, paint }: Context, revisions: readonly Revision[]): Promise<void> {
  if (revisions.length < 2) return
  const { renderTable } = await import('../output/table')
  const columns = [
    { title: 'Revision' },
    { title: 'Refs', narrow: 'shrink' as const },
    { title: 'Files', align: 'right' as const, narrow: 1 },
    { title: 'Size', align: 'right' as const },
    { title: 'Shared', align: 'right' as const, narrow: 2 },
  ]
  const rows = revisions.map(({ hash, refs, chosen, files, size_bytes: size, shared_bytes: shared }) => [
    `${shortHash(hash)}${chosen ? ' *' : ''}`,
    refs.length === 0 ? '-' : refs.join(', '),
    String(files),
    formatSize(size),
    shared === 0 ? '-' : formatSize(shared),
  ])
  say('')
  say(renderTable(columns, rows, { available: io.stdout.columns(), head: paint.bold }))
}

function printConfig(context: Context, { config, files }: ModelDetail): void {
  if (config !== null) context.say(`\n${JSON.stringify(config, null, 2)}`)
  else if (files.some(({ path }) => path === 'config.json')) context.note('\nconfig.json is there, but it holds no JSON object.')
  else context.note('\nThis revision has no config.json.')
}

const hashWords = { verified: 'verified', damaged: 'damaged', not_checked: 'not yet', unverifiable: '-' } as const

async function printFiles(context: Context, { files }: ModelDetail): Promise<void> {
  if (files.length === 0) {
    context.note('\nThis revision has no files.')
    return
  }
  const { renderTable } = await import('../output/table')
  const { paint } = context
  const colours = { verified: paint.green, damaged: paint.red, not_checked: paint.dim, unverifiable: paint.dim } as const
  const isShared = files.some(({ shared_with: others }) => others.length > 0)
  const rows = files.map((file) => [
    file.path,
    formatSize(file.size_bytes),
    file.kind,
    colours[file.hash_state](hashWords[file.hash_state]),
    ...(isShared ? [file.shared_with.map(shortHash).join(', ') || '-'] : []),
  ])
  const columns = [
    { title: 'File', narrow: 'shrink' as const, cut: 'middle' as const },
    { title: 'Size', align: 'right' as const },
    { title: 'Kind', narrow: 1 },
    { title: 'Hash', narrow: 3 },
    ...(isShared ? [{ title: 'Also in', narrow: 2 }] : []),
  ]
  context.say('')
  context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: paint.bold }))
}
