import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ImportResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { ImportedFile } from '../../core/downloads'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { createProgress } from '../output/progress'
import { createPullProgress } from '../output/pull-progress'
import { formatSize, safeLine } from '../output/text'
import { parsePullSpec } from './pull-spec'

interface ImportOptions {
  as: string
  copy?: boolean
}

const examples = `
Compares every file of the folder with the hashes of the Hub, and gives those that are the same a place in the cache: as a clone that shares
the bytes where the disk can (APFS, Btrfs, XFS), else as a second name of the same file. Weights have to be the Hub's; small files that
differ are fetched. The folder itself is not changed.

Examples:
  mlxk import ~/.lmstudio/models/mlx-community/Llama-3.2-1B-Instruct-4bit --as mlx-community/Llama-3.2-1B-Instruct-4bit
  mlxk import ~/.lmstudio/models --as org/model              its folder org/model
  mlxk import ./model --as org/model@v1.0
  mlxk import /Volumes/USB/model --as org/model --copy      from another disk`

export const importCommand: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<folder>', 'with config.json and the weights')
      .requiredOption('--as <model>', 'org/name, or org/name@revision: what it is on the Hub')
      .option('--copy', 'copy the files where the disk can do no better')
      .addHelpText('after', examples)
      .action((folder: string, options: ImportOptions) => submit((context) => run(context, folder, options)))
  },
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The folder of the model: the one that was named, or below it, as LM Studio keeps them, one for the owner and one for the model. */
function checkFolder(typed: string, name: string): string {
  const folder = resolve(typed)
  const below = join(folder, ...name.split('/'))
  if (!existsSync(join(folder, 'config.json')) && isFolder(below)) return below
  if (!isFolder(folder))
    throw new AppError('not_imported', `${folder} is no folder.`, { hint: 'Name the folder that has config.json and the weights.' })
  return folder
}

async function run(context: Context, typed: string, { as, copy }: ImportOptions): Promise<Outcome> {
  const { name, revision } = parsePullSpec(as)
  const folder = checkFolder(typed, name)
  const { signal } = context.interruption()
  const [{ openDownloads }, { openCatalog }] = await Promise.all([import('../services/downloads'), import('../services/catalog')])
  const downloads = await openDownloads(context, { connections: null, bytesPerSecond: null })
  try {
    const request = { repo: name, revision, include: [], exclude: [], all: false }
    const plan = await downloads.plan(request, signal)
    const files = await compare(context, (onProgress) =>
      downloads.importFrom(folder, plan, { signal, mayCopy: copy === true, onProgress }),
    )
    // Looked at again: what was taken from the folder is there now.
    const rest = await downloads.plan(request, signal)
    const view = createPullProgress(context)
    const { fetchedBytes, snapshot } = await downloads.run(rest, signal, view.update).finally(view.end)
    const { model } = await openCatalog(context).show(`${plan.repo}@${plan.commit}`)
    const isShared = ({ state }: ImportedFile): boolean => state === 'cloned' || state === 'linked'
    const data: ImportResult = {
      model: plan.repo,
      status: 'imported',
      revision: plan.revision,
      commit: plan.commit,
      folder,
      files: files.map(({ path, sizeBytes, state }) => ({
        path,
        size_bytes: sizeBytes,
        state: state === 'missing' || state === 'different' ? 'fetched' : state,
      })),
      shared_bytes: files.filter(isShared).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      fetched_bytes: fetchedBytes,
      snapshot_path: snapshot,
      health: model.health,
      reason: model.reason,
    }
    return { data, print: () => printResult(context, data) }
  } finally {
    await downloads.close()
  }
}

async function compare(
  context: Context,
  work: (onProgress: (progress: { path: string; doneBytes: number; totalBytes: number }) => void) => Promise<ImportedFile[]>,
): Promise<ImportedFile[]> {
  const view = await createProgress(context)
  try {
    return await work(({ path, doneBytes, totalBytes }) =>
      view.update(
        'compare',
        `${formatSize(doneBytes)} of ${formatSize(totalBytes)} compared, ${path}`,
        totalBytes === 0 ? 1 : doneBytes / totalBytes,
      ),
    )
  } finally {
    view.end()
  }
}

function printResult(
  context: Context,
  { model, commit, files, shared_bytes: shared, fetched_bytes: fetched, health, reason }: ImportResult,
): void {
  const copied = files.filter(({ state }) => state === 'copied').reduce((sum, { size_bytes: size }) => sum + size, 0)
  const parts = [
    `${formatSize(shared)} shared with the folder`,
    ...(copied > 0 ? [`${formatSize(copied)} copied`] : []),
    ...(fetched > 0 ? [`${formatSize(fetched)} fetched`] : []),
  ]
  const good = health === 'healthy' ? `, ${context.paint.green('healthy')}` : ''
  context.say(safeLine(`${model}@${commit.slice(0, 8)}: ${parts.join(', ')}, every byte verified`) + `${good}.`)
  for (const { path, state } of files)
    if (state === 'fetched') context.note(safeLine(`  ${path} was not the Hub's, and was fetched.`))
  if (files.some(({ state }) => state === 'linked'))
    context.note('  The files have two names now: whoever changes one in its place changes the other. "mlxk verify" would notice.')
  if (health === 'unhealthy') context.note(context.talkPaint.yellow(safeLine(`  But it is unhealthy: ${reason ?? ''}`)))
}
