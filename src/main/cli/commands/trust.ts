import type { ModelCode, TrustedRevision } from '../../../shared/contract'
import type { TrustResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { canAsk, confirm } from '../output/confirm'
import { formatSize, safeLine, shortHash } from '../output/text'

interface TrustOptions {
  remove?: boolean
  list?: boolean
  yes?: boolean
}

const examples = `
Some models bring Python code that runs on your machine with your rights. MLX Knife refuses them until you have said yes to that code: shown
with sizes and hashes, and bound to the revision. When a byte of it changes, the model is refused again. Look at the files before you agree;
a hash says that nothing has changed, not that it is harmless.

Examples:
  mlxk trust org/model@3f2a1b9                shows the code, and asks
  mlxk trust org/model@3f2a1b9 --yes          agrees without a question
  mlxk trust --list
  mlxk trust org/model@3f2a1b9 --remove`

export const trust: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'a name, or name@hash')
      .option('--remove', 'trust it no more; engines that run it end')
      .option('--list', 'show what is trusted')
      .option('-y, --yes', 'agree without a question')
      .addHelpText('after', examples)
      .action((model: string | undefined, options: TrustOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string | undefined, options: TrustOptions): Promise<Outcome> {
  const { openTrust } = await import('../services/trust')
  const access = openTrust(context)
  if (options.list === true || model === undefined) {
    if (options.list !== true || model !== undefined || options.remove === true) {
      throw new AppError('usage', model === undefined ? 'Name a model, or use --list.' : '--list takes no model.', {
        hint: `See "${context.program} trust --help".`,
      })
    }
    const revisions = await access.list()
    return { data: { revisions }, print: () => printList(context, revisions) }
  }
  if (options.remove === true) {
    const removed = await access.remove(model)
    return { data: { removed }, print: () => removed.forEach((each) => context.say(`${describe(each)}: trusted no more`)) }
  }
  const code = await access.inspect(model)
  if (code.trusted) return { data: withQuestion(code, false), print: () => context.note(`${describe(code)} is trusted already.`) }
  if (code.need !== 'none' && code.obstacle === null && options.yes !== true && !canAsk(context)) {
    return { data: withQuestion(code, true), print: () => printCode(context, code, 'Nothing was trusted. Agree with --yes.') }
  }
  if (context.isHuman && code.need !== 'none') showCode(context, code)
  // What cannot be trusted is refused with its reason by the one who would keep it.
  const asks = code.need !== 'none' && code.obstacle === null && options.yes !== true
  if (asks && !(await confirm(context, `Let ${code.name} run this code on your machine?`))) {
    return { data: withQuestion(code, true), print: () => context.note('Nothing was trusted.') }
  }
  await access.add(exactName(code), code.code_hash)
  return {
    data: withQuestion({ ...code, trusted: true }, false),
    print: () => context.note(`${describe(code)} is trusted, as long as this code stays as it is.`),
  }
}

const withQuestion = (code: ModelCode, asks: boolean): TrustResult => ({ ...code, requires_confirmation: asks })
const exactName = ({ name, hash }: ModelCode): string => (hash === null ? name : `${name}@${hash}`)
const describe = ({ name, hash }: Pick<TrustedRevision, 'name' | 'hash'>): string =>
  hash === null ? name : `${name}@${shortHash(hash)}`

function codeLines({ asked_by: askedBy, files, obstacle, need }: ModelCode): string[] {
  const width = Math.max(0, ...files.map(({ path }) => path.length))
  return [
    ...askedBy.map((by) => `asked by ${by}`),
    ...files.map(
      ({ path, size_bytes: size, sha256 }) =>
        `  ${path.padEnd(width)}  ${formatSize(size).padStart(9)}  sha256 ${sha256.slice(0, 16)}…`,
    ),
    ...(need === 'offered' ? ['mlx_lm usually has code of its own for such a model: try it without this first.'] : []),
    ...(obstacle === null ? [] : [obstacle]),
  ]
}

function showCode(context: Context, code: ModelCode): void {
  context.talk(context.talkPaint.bold(exactName(code)))
  for (const line of codeLines(code)) context.talk(line)
}

function printCode(context: Context, code: ModelCode, end: string): void {
  context.say(context.paint.bold(exactName(code)))
  for (const line of codeLines(code)) context.say(safeLine(line))
  context.note(end)
}

async function printList(context: Context, revisions: readonly TrustedRevision[]): Promise<void> {
  if (revisions.length === 0) {
    context.note('No model may run code of its own.')
    return
  }
  const { renderTable } = await import('../output/table')
  const columns = [
    { title: 'Name', narrow: 'shrink' as const, cut: 'middle' as const },
    { title: 'Hash' },
    { title: 'Files', align: 'right' as const, narrow: 1 },
    { title: 'Since', narrow: 2 },
  ]
  const rows = revisions.map(({ name, hash, files, trusted_at: at }) => [
    name,
    shortHash(hash),
    String(files.length),
    at.slice(0, 10),
  ])
  context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: context.paint.bold }))
}
