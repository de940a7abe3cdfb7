import type { Fit, ModelSummary, PullResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { toPreview, type PlanOutline, type TransferResult } from '../../core/downloads'
import type { ModelCatalog } from '../../core/models'
import type { Outcome } from '../command'
import type { Context } from '../context'
import { formatSeconds } from '../output/pull-progress'
import { formatSize, safeLine } from '../output/text'
import type { PullSpec } from './pull-spec'
import { formatFit } from './search'

export interface TimedResult extends TransferResult {
  elapsedSeconds: number
}

function describeFit(fit: Fit): string {
  const { verdict, reason, needed_bytes: needed } = fit
  const why = reason === null ? '' : ` ${reason}`
  if (verdict === 'runs') return `It runs on this machine${needed === null ? '' : `, with ${formatSize(needed)} of memory`}.`
  if (verdict === 'runs_short') return `It runs on this machine.${why}`
  if (verdict === 'unknown') return `Whether it runs on this machine is not known.${why}`
  return `It does not run on this machine (${formatFit(fit)}).${why}`
}

/** A healthy model is there, and nobody was asked. */
export function already(context: Context, model: ModelSummary, expanded: string | null, { revision }: PullSpec): Outcome {
  const message = `Model ${model.name} already exists in cache`
  const data: PullResult = {
    model: model.name,
    download_status: 'already_exists',
    message,
    expanded_name: expanded,
    revision,
    commit: model.hash,
    snapshot_path: null,
    fetched_bytes: 0,
    reused_bytes: model.size_bytes,
    elapsed_seconds: 0,
    damaged: [],
    health: model.health,
    reason: model.reason,
  }
  return {
    data,
    print: () => {
      context.say(`${model.name} is in the cache already, and healthy.`)
      context.note(`  Ask the Hub for a newer revision: ${context.program} pull ${model.name}@main`)
    },
  }
}

export function noRoom({ repo, disk }: PlanOutline): AppError {
  const needed = formatSize(disk.neededBytes)
  const free = formatSize(disk.freeBytes ?? 0)
  return new AppError('disk_full', `${repo} needs ${needed} more, and the disk has ${free} to give.`, {
    hint: 'Some room is always left for others. "mlxk du" shows what takes space, "mlxk prune" what can go.',
    data: { needed_bytes: disk.neededBytes, free_bytes: disk.freeBytes },
  })
}

/** `--dry-run`. */
export function preview(context: Context, plan: PlanOutline, fit: Fit, expanded: string | null): Outcome {
  const { repo, commit, files, skipped, totalBytes, fetchBytes, disk } = plan
  const message = `Would fetch ${formatSize(fetchBytes)} of ${formatSize(totalBytes)}`
  const data = toPreview(plan, fit, { message, expandedName: expanded })
  return {
    data,
    print: async () => {
      const { renderTable } = await import('../output/table')
      const words = { present: 'there', unproven: 'there, to be verified', partial: 'begun', missing: 'to fetch' }
      const rows = files.map(({ path, sizeBytes, state, damaged }) => [
        safeLine(path),
        formatSize(sizeBytes),
        damaged ? 'damaged, to replace' : words[state],
      ])
      const columns = [
        { title: 'File', narrow: 'shrink', cut: 'middle' },
        { title: 'Size', align: 'right' },
        { title: 'State' },
      ] as const
      context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: context.paint.bold }))
      context.say(`${repo}@${commit.slice(0, 8)}: ${formatSize(fetchBytes)} to fetch, ${formatSize(totalBytes)} in all.`)
      context.say(safeLine(describeFit(fit)))
      if (skipped.length > 0) context.note(`  ${skipped.length} files that mlx_lm does not read are left out (--all fetches them).`)
      if (!disk.fits)
        context.note(context.talkPaint.yellow(`  That does not fit: the disk has ${formatSize(disk.freeBytes ?? 0)} to give.`))
    },
  }
}

/** The bytes are there: how the model is, and what to do with it. */
export async function conclude(
  context: Context,
  catalog: ModelCatalog,
  plan: PlanOutline,
  { fetchedBytes, reusedBytes, snapshot, elapsedSeconds }: TimedResult,
  { damaged, expanded }: { damaged: string[]; expanded: string | null },
): Promise<Outcome> {
  const found = await catalog.show(`${plan.repo}@${plan.commit}`).catch(() => null)
  const health = found?.model.health ?? null
  const data: PullResult = {
    model: plan.repo,
    download_status: 'success',
    message: `Downloaded to ${snapshot}`,
    expanded_name: expanded,
    revision: plan.revision,
    commit: plan.commit,
    snapshot_path: snapshot,
    fetched_bytes: fetchedBytes,
    reused_bytes: reusedBytes,
    elapsed_seconds: elapsedSeconds,
    damaged,
    health,
    reason: found?.model.reason ?? null,
  }
  return {
    data,
    print: () => {
      const good = health === 'healthy' ? `, ${context.paint.green('healthy')}` : ''
      const reused = reusedBytes > 0 ? `, ${formatSize(reusedBytes)} were there` : ''
      context.say(
        `${plan.repo}@${plan.commit.slice(0, 8)}: ${formatSize(fetchedBytes)} fetched in ${formatSeconds(elapsedSeconds)}${reused}, every byte verified${good}.`,
      )
      if (health === 'unhealthy') context.note(context.talkPaint.yellow(`  But it is unhealthy: ${found?.model.reason ?? ''}`))
      else if (found?.model.runtime_compatible === false) context.note(`  It cannot run here: ${found.model.reason ?? ''}`)
      else context.note(`  Ask it something: ${context.program} run ${plan.repo} "Hello"`)
    },
  }
}
