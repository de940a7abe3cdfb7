import { z } from 'zod'
import { modelSpec, noInput } from './common'
import { method, stream } from './method'
import { cacheRoot } from './models'

const bytes = z.number().int().nonnegative()
/** Path and size of a file. Paths are inside the model's folder where nothing else is said, with `/`. */
const sizedPath = z.object({ path: z.string(), size_bytes: bytes })

/**
 * Bytes that a removal leaves, and why. `shared`: another model's blob is the same payload; `no_references`: nothing says who else uses the
 * payload; `lock_unknown`: this machine cannot take the payload's lock; `locked`: another program has it; `hard_link`: the file has other
 * names elsewhere; `outside`: it lies behind a link that leads out of the model's folder; `other_revision`: revisions that stay use it;
 * `not_known`: not everything that may use it could be looked at; `refused`: the system did not allow it.
 */
export const keptBytes = sizedPath.extend({
  reason: z.enum([
    'shared',
    'no_references',
    'lock_unknown',
    'locked',
    'hard_link',
    'outside',
    'other_revision',
    'not_known',
    'refused',
  ]),
  /** Models or revisions that use it. */
  used_by: z.array(z.string()),
})

/** A lock file in `.locks/`; the path is inside the cache root. `unknown`: this machine cannot tell, so the age decides. */
export const lockFile = z.object({ path: z.string(), age_seconds: z.number(), state: z.enum(['held', 'free', 'unknown']) })

/** What removing a model or a revision does, before it is done. */
export const removalPlan = z.object({
  /** Changes when anything in the plan does, apart from ages. */
  id: z.string(),
  name: z.string(),
  root: z.string(),
  /** Absolute path of the model's folder. */
  folder: z.string(),
  /** `link`: the model's folder is a link, and only the link goes. */
  target: z.enum(['model', 'revision', 'link']),
  /** The revision that was asked for; null when the model was. */
  revision: z.string().nullable(),
  /** All revisions that go. */
  revisions: z.array(z.string()),
  /** Files in snapshots that are no links. */
  files: z.array(sizedPath),
  links: z.array(z.string()),
  blobs: z.array(sizedPath),
  /** Unfinished downloads. */
  partials: z.array(sizedPath),
  refs: z.array(z.string()),
  /** Lists of a revision's files, kept by huggingface_hub. */
  trees: z.array(z.string()),
  no_exist: z.array(z.string()),
  other: z.array(sizedPath),
  /** Payloads in the store that all models share; paths inside the cache root. */
  payloads: z.array(sizedPath),
  /** Sum of the sizes of what goes, each file once, however many names it has. */
  bytes_freed: bytes,
  /** The same in blocks of the disk: files with holes take less than their size. */
  disk_bytes_freed: bytes,
  kept: z.array(keptBytes),
  locks: z.array(lockFile),
  /** Why it cannot be done at all, as a sentence. */
  obstacle: z.string().nullable(),
})

/** A removal that an earlier run was kept from finishing, finished now. */
export const finishedRemoval = z.object({
  name: z.string(),
  revision: z.string().nullable(),
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
})

export const removal = z.object({
  name: z.string(),
  action: z.enum(['deleted', 'finished']),
  target: z.enum(['model', 'revision', 'link']),
  revision: z.string().nullable(),
  message: z.string(),
  /** Measured while removing. */
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
  kept: z.array(keptBytes),
  lock_files_cleaned: z.number().int().nonnegative(),
  /** Null when only an earlier removal was finished. */
  plan: removalPlan.nullable(),
  finished: z.array(finishedRemoval),
})

/**
 * Kinds of what prune removes. `detached_revision`: no ref leads to it, and another whole revision stands for the model; `stale_partial`: a
 * download that nobody continues; `orphan_blob`: used by no revision, or a shared payload to which nothing leads; `dangling_link`: leads to
 * a blob that is gone; `empty_folder`; `unfinished_removal`: what a killed run left.
 */
export const pruneCategory = z.enum([
  'detached_revision',
  'stale_partial',
  'orphan_blob',
  'dangling_link',
  'empty_folder',
  'unfinished_removal',
])

export const pruneItem = z.object({
  category: pruneCategory,
  /** Null for what belongs to no model. */
  name: z.string().nullable(),
  root: z.string(),
  /** Inside the cache root, with `/`. */
  path: z.string(),
  /** Freed by this item alone, together with what only it uses. */
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
  reason: z.string(),
})

export const prunePlan = z.object({
  id: z.string(),
  items: z.array(pruneItem),
  summary: z.array(z.object({ category: pruneCategory, count: z.number().int(), bytes_freed: bytes })),
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
  /** Models and roots that were left out, each with the reason. */
  left_out: z.array(z.object({ path: z.string(), name: z.string().nullable(), reason: z.string() })),
})

export const pruneResult = z.object({
  plan: prunePlan,
  done: z.array(pruneItem),
  skipped: z.array(z.object({ item: pruneItem, reason: z.string() })),
  /** Measured while removing. */
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
})

/** How far a prune is. `items_done` counts what was left out too. */
export const pruneProgress = z.object({
  type: z.literal('progress'),
  items_done: z.number().int().nonnegative(),
  items_total: z.number().int().nonnegative(),
  /** Measured so far. */
  bytes_freed: bytes,
  /** Model of the item that was dealt with last. */
  name: z.string().nullable(),
})

export const pruneEvent = z.discriminatedUnion('type', [pruneProgress, pruneResult.extend({ type: z.literal('result') })])

const kinds = z.object({ weights: bytes, other: bytes, partials: bytes, orphans: bytes })

export const revisionUsage = z.object({
  hash: z.string(),
  refs: z.array(z.string()),
  chosen: z.boolean(),
  files: z.number().int().nonnegative(),
  /** Each file once. */
  size_bytes: bytes,
  /** What removing this revision alone would free. */
  removable_bytes: bytes,
})

export const modelUsage = z.object({
  name: z.string(),
  root: z.string(),
  /** Logical size: each distinct file once. */
  size_bytes: bytes,
  /** Blocks of the disk. */
  disk_bytes: bytes,
  /** Part of `size_bytes` that other models use too. */
  shared_bytes: bytes,
  /** What removing the model would free. */
  removable_bytes: bytes,
  /** What `prune` would free of it. */
  reclaimable_bytes: bytes,
  kinds,
  revisions: z.array(revisionUsage),
  /** Why the numbers are not complete, as a sentence. */
  problem: z.string().nullable(),
})

export const storageUsage = z.object({
  models: z.array(modelUsage),
  roots: z.array(
    z.object({
      root: cacheRoot,
      /** Shared payloads count once. */
      size_bytes: bytes,
      disk_bytes: bytes,
      /** Of the volume; null where the system does not say. */
      free_bytes: bytes.nullable(),
      /** Size of the volume; null as above. */
      volume_bytes: bytes.nullable(),
    }),
  ),
  total: z.object({ size_bytes: bytes, disk_bytes: bytes, shared_bytes: bytes, reclaimable_bytes: bytes, kinds }),
})

export type KeptBytes = z.infer<typeof keptBytes>
export type RemovalPlan = z.infer<typeof removalPlan>
export type FinishedRemoval = z.infer<typeof finishedRemoval>
export type Removal = z.infer<typeof removal>
export type PruneCategory = z.infer<typeof pruneCategory>
export type PruneItem = z.infer<typeof pruneItem>
export type PrunePlan = z.infer<typeof prunePlan>
export type PruneResult = z.infer<typeof pruneResult>
export type PruneProgress = z.infer<typeof pruneProgress>
export type PruneEvent = z.infer<typeof pruneEvent>
export type RevisionUsage = z.infer<typeof revisionUsage>
export type ModelUsage = z.infer<typeof modelUsage>
export type StorageUsage = z.infer<typeof storageUsage>

const pruneChoice = z.strictObject({ categories: z.array(pruneCategory).min(1).max(6).optional() })

export const storageContract = {
  'storage.usage': method(noInput, storageUsage),
  'storage.remove_plan': method(z.strictObject({ model: modelSpec }), removalPlan),
  /** With `plan`, only if the plan still has this id. `force`: also when lock files are there that nobody holds. */
  'storage.remove': method(
    z.strictObject({ model: modelSpec, plan: z.string().max(64).optional(), force: z.boolean().optional() }),
    removal,
  ),
  'storage.prune_plan': method(pruneChoice, prunePlan),
  /** With `plan`, only if the plan still has this id. */
  'storage.prune': method(pruneChoice.extend({ plan: z.string().max(64).optional() }), pruneResult),
  /** As `storage.prune`, and tells how far it is; the last event is the result. Leaving the stream leaves out what has not begun. */
  'storage.clean': stream(pruneChoice.extend({ plan: z.string().max(64).optional() }), pruneEvent),
}
