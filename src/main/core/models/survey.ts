import { setImmediate } from 'node:timers/promises'
import { join } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import {
  listPlaces,
  scanEntry,
  stampPlaces,
  wasAtRest,
  type CacheScan,
  type CacheRoot,
  type ScannedRepo,
  type ScanSkip,
} from '../cache'
import type { ContentMemory } from '../health'
import { evaluateRepo, type Evaluation } from './evaluate'
import type { Verdict, VerdictIndex } from './verdict-index'

export interface SurveyDeps {
  scan: (roots: readonly CacheRoot[], skip?: ScanSkip) => Promise<CacheScan>
  index: VerdictIndex
  content?: ContentMemory
}

export interface Survey {
  states: CacheRootState[]
  /** In the order of the roots, then of the folders. */
  verdicts: Verdict[]
}

/** The event loop is given a turn after this long. */
const TURN_MS = 8

/** Lets others run when this has been at work for a while. */
function createTurns(): () => Promise<void> | null {
  let startMs = performance.now()
  return () => {
    if (performance.now() - startMs <= TURN_MS) return null
    return setImmediate().then(() => {
      startMs = performance.now()
    })
  }
}

/** Looks at all models, each only as far as the index does not know it already, and keeps what it learnt. */
export async function surveyModels(roots: readonly CacheRoot[], { scan, index, content }: SurveyDeps): Promise<Survey> {
  const startMs = Date.now()
  const contentStamp = content?.stamp() ?? ''
  const takeTurn = createTurns()

  const judge = (repo: ScannedRepo): Verdict => {
    const { summary, runtimeProblem, snapshot } = evaluateRepo(repo, null, content)
    const verdict = { summary, problem: runtimeProblem }
    const places = listPlaces(repo)
    const stamp = stampPlaces(repo.path, places)
    const recalled = snapshot === null ? '' : (content?.recalled(snapshot) ?? '')
    if (wasAtRest(stamp, startMs)) index.keep(repo.path, { places, stamp: stamp.value, verdict, contentStamp, recalled })
    else index.forget(repo.path)
    return verdict
  }
  /** Of a repo that is as it was. What `verify` learnt since may be about it. */
  const recall = (root: CacheRoot, folder: string): Verdict | null => {
    const path = join(root.path, folder)
    const entry = index.get(path)
    if (entry?.contentStamp === contentStamp) return entry.verdict
    const repo = scanEntry(root, folder)
    if (repo === null) return null
    const chosen = repo.snapshots.find(({ hash }) => hash === entry?.verdict.summary.hash) ?? repo.snapshots[0]
    if (entry === undefined || chosen === undefined || content?.recalled(chosen) !== entry.recalled) return judge(repo)
    index.keep(path, { ...entry, contentStamp })
    return entry.verdict
  }

  const result = await scan(roots, index.known())
  const verdicts: Verdict[] = []
  for (const { state, repos, unchanged } of result.roots) {
    const root: CacheRoot = { path: state.path, kind: state.kind, rule: state.rule }
    // Taken out of the result, and each let go of when it is judged: both, of thousands of models, would be twice the memory.
    const scanned = new Map(repos.splice(0).map((repo) => [repo.folder, repo]))
    const folders = [...scanned.keys(), ...unchanged].sort()
    for (const folder of folders) {
      const repo = scanned.get(folder)
      scanned.delete(folder)
      const verdict = repo === undefined ? recall(root, folder) : judge(repo)
      if (verdict !== null) verdicts.push(placeIn(verdict, root))
      await takeTurn()
    }
    // A root that does not answer, or is not there now, comes back with the same models in it.
    if (state.state === 'ok' || state.state === 'read_only')
      index.retain(root.path, new Set(folders.map((name) => join(root.path, name))))
  }
  await index.save()
  return { states: result.roots.map(({ state }) => state), verdicts }
}

/** The same folder may be a root of another kind than when it was kept. */
function placeIn({ summary, problem }: Verdict, { path, kind }: CacheRoot): Verdict {
  return summary.root.path === path && summary.root.kind === kind
    ? { summary, problem }
    : { summary: { ...summary, root: { path, kind } }, problem }
}

/** As a survey, but everything is looked at anew, and with all that the verdict rests on. */
export async function inspectModels(
  roots: readonly CacheRoot[],
  { scan, content }: Omit<SurveyDeps, 'index'>,
): Promise<Evaluation[]> {
  const takeTurn = createTurns()
  const evaluations: Evaluation[] = []
  for (const { repos } of (await scan(roots)).roots) {
    for (const repo of repos) {
      evaluations.push(evaluateRepo(repo, null, content))
      await takeTurn()
    }
  }
  return evaluations
}
