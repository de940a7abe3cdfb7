import { basename, dirname, join } from 'node:path'
import type { HealthReport, ModelList, ModelSummary } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import {
  isPathLike,
  listPlaces,
  openPath,
  probeRoots,
  scanEntry,
  stampPlaces,
  toAbsolutePath,
  type CacheRoot,
  type CacheScan,
  type ScanSkip,
} from '../cache'
import { toHealthEntry, type ContentMemory } from '../health'
import type { EngineSupport } from '../interpreter'
import { withEngine } from './engine-support'
import { toDetail } from './detail'
import { evaluateRepo, type Evaluation } from './evaluate'
import { findModel } from './find-model'
import { inspectModels, surveyModels } from './survey'
import type { ModelCatalog, ModelInspector, ResolvedModel } from './types'
import type { TrustSubject } from '../trust'
import { withTrust } from './trusted'
import { createVerdictIndex, type VerdictIndex } from './verdict-index'

export interface CatalogDeps {
  /** The roots as they are now: the demo may be switched on and off. */
  roots: () => readonly CacheRoot[]
  scan: (roots: readonly CacheRoot[], skip?: ScanSkip) => Promise<CacheScan>
  /** What `verify` remembers; without it no verdict includes damage that was found earlier. */
  content?: ContentMemory
  /** Without it verdicts are remembered by this catalog alone. */
  index?: VerdictIndex
  /** What the installed engine can load; without it nothing is said of that. Never throws. */
  support?: () => Promise<EngineSupport>
  /** True for a revision whose own code the user has seen and trusts; without it none is. Never throws. */
  isTrusted?: (subject: TrustSubject) => Promise<boolean>
  /** For typed paths; absolute. */
  cwd?: string
  home?: string
}

const MAX_REMEMBERED_NAMES = 64

/** What a name led to, and what the disk looked like then. */
interface Remembered {
  rootsProbe: string
  contentStamp: string
  places: string
  stamp: string
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
      hint: `To look at that code and decide: mlxk trust ${name}`,
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

/** A workspace goes by the last part of its path in lists and reports. */
function toRow(summary: ModelSummary): ModelSummary {
  return summary.root.kind === 'workspace' ? { ...summary, display_name: basename(summary.name) } : summary
}

function matches({ name, display_name: shown }: ModelSummary, pattern: string): boolean {
  return (shown ?? name).normalize('NFC').toLowerCase().includes(pattern)
}

function toReport(summaries: readonly ModelSummary[]): HealthReport {
  const entries = summaries.map(({ name, display_name: shown, findings }) => toHealthEntry(shown ?? name, findings))
  const healthy = entries.filter(({ status }) => status === 'healthy')
  const unhealthy = entries.filter(({ status }) => status === 'unhealthy')
  const summary = { total: entries.length, healthy_count: healthy.length, unhealthy_count: unhealthy.length }
  return { healthy, unhealthy, summary }
}

/**
 * The models of all roots. Every call looks at the disk: `list` and `health` scan as far as the index does not know already, what needs
 * one model looks at that one, and `resolve` checks with a few stats that what a name led to last time is unchanged, since each request
 * of the API asks it.
 */
export function createCatalog(deps: CatalogDeps): ModelCatalog & ModelInspector {
  const { roots, content, cwd = '/', home = '/' } = deps
  const index = deps.index ?? createVerdictIndex(null)
  const names = new Map<string, Remembered>()
  const supportOf = (): Promise<EngineSupport> => deps.support?.() ?? Promise.resolve({ state: 'unknown' })
  const stampContent = (): string => content?.stamp() ?? ''

  const complete = async (evaluation: Evaluation): Promise<Evaluation> => {
    const plain = { summary: evaluation.summary, problem: evaluation.runtimeProblem }
    const { summary, problem } = withEngine(await withTrust(plain, deps.isTrusted), await supportOf())
    return { ...evaluation, summary, runtimeProblem: problem }
  }

  const survey = async (from: readonly CacheRoot[]): Promise<ModelList> => {
    const [{ states, verdicts }, support] = await Promise.all([
      surveyModels(from, { scan: deps.scan, index, ...(content === undefined ? {} : { content }) }),
      supportOf(),
    ])
    const trusted = await Promise.all(verdicts.map((verdict) => withTrust(verdict, deps.isTrusted)))
    const models = trusted.map((verdict) => toRow(withEngine(verdict, support).summary))
    return { models, count: models.length, roots: states }
  }

  const find = (spec: string) => findModel(spec, roots(), { scan: deps.scan, cwd, home })
  const evaluateNamed = async (spec: string): Promise<Evaluation> => {
    const { repo, hash } = await find(spec)
    return evaluateRepo(repo, hash, content)
  }

  /** `./x`: that workspace, else those in that folder, else those beside it whose names begin so. Never anything of a cache. */
  const listPaths = async (pattern: string): Promise<ModelList> => {
    const path = toAbsolutePath(pattern, cwd, home)
    const only = openPath(path)?.repo.root.kind === 'workspace' ? basename(path) : null
    const inside = only === null ? await survey([{ path, kind: 'workspace', rule: 'path' }]) : null
    const isFolder = inside?.roots[0]?.state === 'ok'
    const list = isFolder && inside !== null ? inside : await survey([{ path: dirname(path), kind: 'workspace', rule: 'path' }])
    const beginning = pattern.slice(0, pattern.lastIndexOf('/') + 1)
    const models = list.models.flatMap((model): ModelSummary[] => {
      const name = basename(model.name)
      if (isFolder) return [{ ...model, display_name: join(pattern, name).replace(/^(?=[^./~])/, './') }]
      const fits = only === null ? name.startsWith(basename(path)) : name === only
      return fits ? [{ ...model, display_name: only === null ? beginning + name : pattern }] : []
    })
    return { models, count: models.length, roots: list.roots }
  }

  const isUnchanged = ({ evaluation, rootsProbe, contentStamp, places, stamp }: Remembered): boolean =>
    contentStamp === stampContent() &&
    rootsProbe === probeRoots(roots()) &&
    stamp === stampPlaces(evaluation.repo.path, places).value

  const evaluateAndRemember = async (spec: string): Promise<Evaluation> => {
    const rootsProbe = probeRoots(roots())
    const found = await find(spec)
    const places = listPlaces(found.repo)
    // Looked at first, read after: a change in between makes the stamp stale, never the answer.
    const stamp = stampPlaces(found.repo.path, places).value
    const contentStamp = stampContent()
    const repo = scanEntry(found.repo.root, found.repo.folder) ?? found.repo
    const evaluation = evaluateRepo(repo, found.hash, content)
    names.delete(spec)
    names.set(spec, { rootsProbe, contentStamp, places, stamp, evaluation })
    for (const oldest of names.keys()) {
      if (names.size <= MAX_REMEMBERED_NAMES) break
      names.delete(oldest)
    }
    return evaluation
  }

  return {
    list: async (pattern) => {
      const wanted = pattern?.trim() ?? ''
      if (isPathLike(wanted) && !wanted.includes('\0')) return listPaths(wanted)
      const list = await survey(roots())
      if (wanted === '') return list
      const folded = wanted.normalize('NFC').toLowerCase()
      const models = list.models.filter((model) => matches(model, folded))
      return { ...list, models, count: models.length }
    },
    show: async (spec) => toDetail(await complete(await evaluateNamed(spec)), content),
    health: async (spec) => {
      if (spec === undefined) return toReport((await survey(roots())).models)
      return toReport([(await evaluateNamed(spec)).summary])
    },
    inspect: async (spec) => {
      if (spec !== undefined) return [await evaluateNamed(spec)]
      return inspectModels(roots(), { scan: deps.scan, ...(content === undefined ? {} : { content }) })
    },
    resolve: async (spec) => {
      const last = names.get(spec)
      if (last !== undefined && isUnchanged(last)) return toResolved(await complete(last.evaluation))
      return toResolved(await complete(await evaluateAndRemember(spec)))
    },
  }
}
