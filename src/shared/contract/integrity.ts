import { z } from 'zod'
import { modelSpec } from './common'
import { method, stream } from './method'
import { finding, healthEntry, healthReport } from './models'

/** What a file's bytes must hash to: SHA-256 of the bytes, or git's SHA-1 of a blob. */
export const expectedHash = z.object({ algorithm: z.enum(['sha256', 'git-sha1']), value: z.string() })

/** Files and bytes of all models of the call; what was remembered from an earlier run counts as done from the start. */
export const verifyProgress = z.object({
  type: z.literal('progress'),
  /** Model and file that were last begun; null before the first and after the last. */
  model: z.string().nullable(),
  file: z.string().nullable(),
  bytes_done: z.number().int().nonnegative(),
  bytes_total: z.number().int().nonnegative(),
  files_done: z.number().int().nonnegative(),
  files_total: z.number().int().nonnegative(),
})

/** A model's verdict with its content looked at: structure, sizes, headers and hashes. */
export const verifiedModel = healthEntry.extend({
  /** Folder name of the revision; null when there is none. */
  revision: z.string().nullable(),
  files: z.object({
    /** Right, by a hash computed now or remembered. */
    verified: z.number().int().nonnegative(),
    /** Part of `verified`: not read again, because nothing changed since. */
    remembered: z.number().int().nonnegative(),
    damaged: z.number().int().nonnegative(),
    /** Nothing says what they should hash to, or they could not be read. */
    unverifiable: z.number().int().nonnegative(),
  }),
})

export const verifyResult = z.object({
  type: z.literal('result'),
  models: z.array(verifiedModel),
  summary: healthReport.shape.summary.extend({
    bytes_hashed: z.number().int().nonnegative(),
    bytes_remembered: z.number().int().nonnegative(),
  }),
})

export const verifyEvent = z.discriminatedUnion('type', [verifyProgress, verifyResult])

/** One step on the disk. Every path is inside the model's folder, with `/`. */
export const repairAction = z.object({
  kind: z.enum(['remove_link', 'remove_file', 'remove_blob', 'create_link', 'write_ref']),
  path: z.string(),
  /** Text of the link that is made, or commit that the ref gets; else null. */
  target: z.string().nullable(),
  /** What the step frees. */
  size_bytes: z.number().int().nonnegative(),
  reason: z.string(),
})

/** A file that only the Hub can give. */
export const repairFetch = z.object({
  path: z.string(),
  revision: z.string(),
  /** Null when nothing here says it. */
  size_bytes: z.number().int().nonnegative().nullable(),
  hash: expectedHash.nullable(),
  reason: z.string(),
})

export const repairPlan = z.object({
  /** Changes when anything in the plan does. */
  id: z.string(),
  name: z.string(),
  /** Absolute path of the model's folder. */
  folder: z.string(),
  revision: z.string().nullable(),
  /** What can be done without the Hub, in the order in which it is done. */
  actions: z.array(repairAction),
  fetch: z.array(repairFetch),
  /** True when files are missing whose names only the Hub knows. */
  needs_listing: z.boolean(),
  /** What no repair mends, each with the reason. */
  left: z.array(z.object({ finding, reason: z.string() })),
})

export const repairResult = z.object({
  plan: repairPlan,
  done: z.array(repairAction),
  /** Steps left out because the disk had changed meanwhile, or refused. */
  skipped: z.array(z.object({ action: repairAction, reason: z.string() })),
  size_bytes_freed: z.number().int().nonnegative(),
  /** True when the model needs the Hub to be whole. */
  needs_network: z.boolean(),
  health: healthEntry,
})

export type ExpectedHash = z.infer<typeof expectedHash>
export type VerifyProgress = z.infer<typeof verifyProgress>
export type VerifiedModel = z.infer<typeof verifiedModel>
export type VerifyResult = z.infer<typeof verifyResult>
export type VerifyEvent = z.infer<typeof verifyEvent>
export type RepairAction = z.infer<typeof repairAction>
export type RepairFetch = z.infer<typeof repairFetch>
export type RepairPlan = z.infer<typeof repairPlan>
export type RepairResult = z.infer<typeof repairResult>

export const integrityContract = {
  /** Hashes the content of one model or of all. `fresh` reads again what an earlier run found right. The last event is the result. */
  'models.verify': stream(z.strictObject({ model: modelSpec.optional(), fresh: z.boolean().optional() }), verifyEvent),
  'models.repair_plan': method(z.strictObject({ model: modelSpec }), repairPlan),
  /** Does what needs no network. With `plan`, only if the plan still has this id. */
  'models.repair': method(z.strictObject({ model: modelSpec, plan: z.string().max(64).optional() }), repairResult),
}
