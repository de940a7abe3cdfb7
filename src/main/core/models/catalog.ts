import { setImmediate } from 'node:timers/promises'
import type { CacheRootState } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import {
  probeRepo,
  probeRoots,
  repoFingerprint,
  resolveModel,
  scanRepo,
  type CacheRoot,
  type CacheScan,
  type ScannedRepo,
} from '../cache'
import { toHealthEntry, type ContentMemory } from '../health'
import { evaluateRepo, toDetail, type Evaluation } from './evaluate'
import type { ModelCatalog, ModelInspector, ResolvedModel } from './types'

export interface CatalogDeps {
  /** The roots as they are now: the demo may be switched on and off. */
  roots: () => readonly CacheRoot[]
  scan: (roots: readonly CacheRoot[]) => Promise<CacheScan>
  /** What `verify` remembers; without it no verdict includes damage that was found earlier. */
  content?: ContentMemory
}

/** The event loop is given a turn after this long. */
const TURN_MS = 8
const MAX_REMEMBERED_NAMES = 64

/** What a name led to, and what the disk looked like then. */
interface Remembered {
  rootsProbe: string
  contentStamp: string
  repoProbe: string
  evaluation: Evaluation
}

function refuse({ summary, runtimeProblem }: Evaluation): void {
  const { name, reason } = summary
  if (summary.health === 'unhealthy') {
    throw new AppError('model_unhealthy', `${name} is unhealthy: ${reason ?? 'it would not load.'}`, {
      hint: `See everything that is wrong with "mlxk health ${name}"; fetching the model again mends it.`,
      data: { model: name, findings: summary.findings },
    })
  }
  if (runtimeProblem?.kind === 'custom_code') {
    throw new AppError('custom_code_refused', `${name} is not loaded: ${runtimeProblem.reason}`, {
      hint: 'Code that comes with a model is never run. Choose a model that needs none.',
      data: { model: name },
    })
  }
  if (runtimeProblem !== null) {
    throw new AppError('model_incompatible', `${name} cannot be run: ${runtimeProblem.reason}`, {
      hint: 'See "mlxk list" for the models that can.',
      data: { model: name },
    })
  }
}

function toResolved(evaluation: Evaluation): ResolvedModel {
  refuse(evaluation)
  const { repo, snapshot, summary } = evaluation
  // A healthy model has a snapshot; this is for the compiler.
  if (snapshot === null) throw new AppError('model_unhealthy', `${repo.name} has no revision.`)
  return { name: repo.name, hash: summary.hash, snapshotPath: snapshot.path, summary }
}

/**
 * The models of all roots. Every call looks at the disk: `list`, `show` and `health` scan, `resolve` checks with a few stats that what
 * a name led to last time is unchanged, since each request of the API asks it. Facts about an unchanged repo are not read twice.
 */
export function createCatalog({ roots, scan, content }: CatalogDeps): ModelCatalog & ModelInspector {
  let known = new Map<string, Evaluation>()
  const names = new Map<string, Remembered>()

  const stampContent = (): string => content?.stamp() ?? ''

  const scanAll = async (): Promise<{ repos: ScannedRepo[]; states: CacheRootState[] }> => {
    const result = await scan(roots())
    return { repos: result.roots.flatMap((root) => root.repos), states: result.roots.map(({ state }) => state) }
  }

  const evaluateAll = async (repos: readonly ScannedRepo[]): Promise<Evaluation[]> => {
    const next = new Map<string, Evaluation>()
    const evaluations: Evaluation[] = []
    let turnStart = performance.now()
    const stamp = stampContent()
    for (const repo of repos) {
      const key = `${stamp} ${repoFingerprint(repo)}`
      const evaluation = known.get(key) ?? evaluateRepo(repo, null, content)
      next.set(key, evaluation)
      evaluations.push(evaluation)
      if (performance.now() - turnStart > TURN_MS) {
        await setImmediate()
        turnStart = performance.now()
      }
    }
    known = next
    return evaluations
  }

  const evaluateNamed = async (spec: string): Promise<Evaluation> => {
    const { repos, states } = await scanAll()
    const primary = states[0]
    try {
      const { repo, hash } = resolveModel(spec, repos)
      return evaluateRepo(repo, hash, content)
    } catch (error) {
      const notFound = error instanceof AppError && error.code === 'model_not_found'
      if (!notFound || primary?.state !== 'unreadable') throw error
      throw new AppError('cache_unreadable', `${primary.reason ?? 'The cache cannot be read.'} (${primary.path})`, {
        hint: '"mlxk doctor" says which setting chose this folder.',
        cause: error,
      })
    }
  }

  const isUnchanged = ({ evaluation, rootsProbe, contentStamp, repoProbe }: Remembered): boolean =>
    contentStamp === stampContent() &&
    rootsProbe === probeRoots(roots()) &&
    evaluation.snapshot !== null &&
    repoProbe === probeRepo(evaluation.repo, evaluation.snapshot)

  const remember = (spec: string, found: Evaluation, rootsProbe: string): Evaluation => {
    if (found.snapshot === null) return found
    // Probed first, read after: a change in between makes the probe stale, never the answer.
    const repoProbe = probeRepo(found.repo, found.snapshot)
    const contentStamp = stampContent()
    const rescanned = scanRepo(found.repo.root, found.repo.folder)
    const evaluation = evaluateRepo(rescanned, spec.includes('@') ? found.snapshot.hash : null, content)
    names.delete(spec)
    names.set(spec, { rootsProbe, contentStamp, repoProbe, evaluation })
    for (const oldest of names.keys()) {
      if (names.size <= MAX_REMEMBERED_NAMES) break
      names.delete(oldest)
    }
    return evaluation
  }

  return {
    list: async () => {
      const { repos, states } = await scanAll()
      const models = (await evaluateAll(repos)).map(({ summary }) => summary)
      return { models, count: models.length, roots: states }
    },
    show: async (spec) => toDetail(await evaluateNamed(spec)),
    health: async (spec) => {
      const evaluations = spec === undefined ? await evaluateAll((await scanAll()).repos) : [await evaluateNamed(spec)]
      const entries = evaluations.map(({ summary }) => toHealthEntry(summary.name, summary.findings))
      const healthy = entries.filter(({ status }) => status === 'healthy')
      const unhealthy = entries.filter(({ status }) => status === 'unhealthy')
      const summary = { total: entries.length, healthy_count: healthy.length, unhealthy_count: unhealthy.length }
      return { healthy, unhealthy, summary }
    },
    inspect: async (spec) => (spec === undefined ? evaluateAll((await scanAll()).repos) : [await evaluateNamed(spec)]),
    resolve: async (spec) => {
      const last = names.get(spec)
      if (last !== undefined && isUnchanged(last)) return toResolved(last.evaluation)
      const rootsProbe = probeRoots(roots())
      return toResolved(remember(spec, await evaluateNamed(spec), rootsProbe))
    },
  }
}
