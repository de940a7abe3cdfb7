import type { ModelDetail, ModelSummary } from '../../../shared/contract'
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

async function printModel(context: Context, detail: ModelDetail, sections: { files: boolean; config: boolean }): Promise<void> {
  const { model } = detail
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
    ['Health', describeHealth(model)],
    ...(model.reason === null ? [] : [['Reason', model.reason] as [string, string]]),
    ['Folder', detail.snapshot_path ?? '-'],
  ]
  const width = Math.max(...lines.map(([label]) => label.length)) + 1
  for (const [label, value] of lines) context.say(`${context.paint.bold(`${label}:`.padEnd(width))} ${safeLine(value)}`)
  for (const finding of model.findings.slice(1)) {
    context.say(safeLine(`  ${finding.severity}: ${finding.file === null ? '' : `${finding.file}: `}${finding.message}`))
  }
  if (sections.files) await printFiles(context, detail)
  else if (sections.config) context.say(`\n${JSON.stringify(detail.config, null, 2)}`)
  else if (detail.metadata !== null) {
    context.say('')
    for (const [key, value] of Object.entries(detail.metadata)) context.say(safeLine(`  ${key}: ${String(value)}`))
  }
}

async function printFiles(context: Context, { files }: ModelDetail): Promise<void> {
  const { renderTable } = await import('../output/table')
  const rows = files.map((file) => [file.path, formatSize(file.size_bytes), file.kind])
  const columns = [
    { title: 'File', narrow: 'shrink' as const },
    { title: 'Size', align: 'right' as const },
    { title: 'Kind', narrow: 1 },
  ]
  context.say('')
  context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: context.paint.bold }))
}
