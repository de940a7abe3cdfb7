import { join } from 'node:path'
import type { RepairPlan, RepairResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { isCommit } from '../cache'
import { readTree, toHealthEntry, type TreeFile } from '../health'
import type { Inspection } from '../models/types'
import type { RepoLock } from '../ownership'
import { findCheckable, type Proof, type ProofTarget, type Verifier } from '../verify'
import { isDoubt } from './causes'
import { executePlan } from './execute'
import { planRepair } from './plan'
import { readPointer } from './pointer'
import type { RepairFacts } from './types'

export interface RepairerDeps {
  /** The model that a name leads to. @throws AppError as the catalog's `show` */
  inspect: (spec: string) => Promise<readonly Inspection[]>
  prove: Verifier['prove']
  lock: RepoLock
}

export interface Repairer {
  /** Changes nothing. Hashes the files that are in doubt. @throws AppError as the catalog's `show`; cancelled */
  plan: (spec: string, signal: AbortSignal) => Promise<RepairPlan>
  /**
   * Does what needs no network; the result says what else is needed.
   * @throws AppError as `plan`; busy when another process changes the model, or when `planId` is no longer its plan; permission_denied for
   * a model that is only read
   */
  repair: (spec: string, options: { planId?: string | undefined }, signal: AbortSignal) => Promise<RepairResult>
}

/** Files that a finding doubts. */
function findDoubted({ repo, snapshot, facts, findings }: Inspection): ProofTarget[] {
  if (snapshot === null || facts === null) return []
  const doubted = new Set(findings.flatMap(({ code, file }) => (isDoubt(code) ? [file] : [])))
  return findCheckable(repo, snapshot, facts)
    .checkable.filter(({ file }) => doubted.has(file.path))
    .map(({ file, path, expected }) => ({ key: `file ${file.path}`, path, expected }))
}

/** Blobs that a tree names and no revision links to: a link to them is made only if they are what they are called. */
function findUnlinked({ repo }: Inspection, trees: ReadonlyMap<string, readonly TreeFile[]>): ProofTarget[] {
  const linked = new Set(repo.snapshots.flatMap(({ files }) => files.map(({ blob }) => blob)))
  const wanted = new Map([...trees.values()].flat().map(({ hash }) => [hash.value, hash]))
  return repo.blobs.flatMap(({ name }) => {
    const expected = wanted.get(name)
    return expected === undefined || linked.has(name)
      ? []
      : [{ key: `blob ${name}`, path: join(repo.path, 'blobs', name), expected }]
  })
}

async function gather(deps: RepairerDeps, model: Inspection, signal: AbortSignal): Promise<RepairFacts> {
  const { repo, snapshot, facts, findings } = model
  const trees = new Map<string, readonly TreeFile[]>()
  const commits = new Set([...repo.snapshots.map(({ hash }) => hash), repo.refs['main'] ?? ''])
  for (const commit of commits) {
    const tree = isCommit(commit) ? (commit === snapshot?.hash ? facts?.tree : readTree(repo.path, commit)) : null
    if (tree !== null && tree !== undefined) trees.set(commit, tree)
  }
  const targets = [...findDoubted(model), ...findUnlinked(model, trees)]
  const found = targets.length === 0 ? new Map<string, Proof>() : await deps.prove(targets, signal)
  const withPrefix = (prefix: string): Map<string, Proof> =>
    new Map([...found].flatMap(([key, proof]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), proof] as const] : [])))
  const pointers = new Map(
    (facts?.lfsPointers ?? []).flatMap((path) => {
      const pointer = snapshot === null ? null : readPointer(snapshot.path, path)
      return pointer === null ? [] : [[path, pointer] as const]
    }),
  )
  return { repo, snapshot, findings, trees, proofs: withPrefix('file '), blobProofs: withPrefix('blob '), pointers }
}

/** Plans the mending of models and does the part that needs no network. */
export function createRepairer(deps: RepairerDeps): Repairer {
  const inspectOne = async (spec: string): Promise<Inspection> => {
    const [model] = await deps.inspect(spec)
    if (model === undefined) throw new AppError('model_not_found', `There is no model called ${spec}.`)
    return model
  }
  const planFor = async (model: Inspection, signal: AbortSignal): Promise<RepairPlan> => {
    const facts = await gather(deps, model, signal)
    signal.throwIfAborted()
    return planRepair(facts)
  }
  return {
    plan: async (spec, signal) => planFor(await inspectOne(spec), signal),
    repair: async (spec, { planId }, signal) => {
      const { repo } = await inspectOne(spec)
      if (repo.root.kind === 'extra' || repo.root.kind === 'workspace') {
        throw new AppError('permission_denied', `${repo.name} lies in ${repo.root.path}, which MLX Knife only reads.`, {
          hint: 'Make this folder your cache (HF_HUB_CACHE) to change what is in it.',
        })
      }
      const release = await deps.lock(repo, 'repair')
      try {
        // Looked at again: what is done must follow from what is there while nobody else of ours changes it.
        const model = await inspectOne(spec)
        const plan = await planFor(model, signal)
        if (planId !== undefined && planId !== plan.id) {
          throw new AppError('busy', `${repo.name} has changed since this plan was made.`, { hint: 'Look at the new plan first.' })
        }
        const outcome = executePlan(plan)
        const after = await inspectOne(spec)
        return {
          plan,
          ...outcome,
          needs_network: plan.fetch.length > 0 || plan.needs_listing,
          health: toHealthEntry(after.repo.name, after.findings),
        }
      } finally {
        release()
      }
    },
  }
}
