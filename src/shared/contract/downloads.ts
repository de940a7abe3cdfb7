import { z } from 'zod'
import { fit } from './hub'

const bytes = z.number().int().nonnegative()

/**
 * What `pull` came to. `success`: every byte equals the Hub's hashes. `already_exists`: a healthy one is in the cache, and the Hub was not
 * asked. `requires_confirmation`: complete files with wrong bytes would be replaced, and nobody could be asked.
 */
export const pullResult = z.object({
  model: z.string(),
  download_status: z.enum(['success', 'already_exists', 'requires_confirmation', 'declined']),
  message: z.string(),
  /** The full name, when another was typed. */
  expanded_name: z.string().nullable(),
  revision: z.string().nullable(),
  commit: z.string().nullable(),
  snapshot_path: z.string().nullable(),
  fetched_bytes: bytes,
  reused_bytes: bytes,
  /** Of the transfer, whole seconds. */
  elapsed_seconds: bytes,
  /** Files whose bytes are wrong and that are, or would be, replaced. */
  damaged: z.array(z.string()),
  /** Health of the model afterwards, first two levels; null when nothing was looked at. */
  health: z.enum(['healthy', 'unhealthy']).nullable(),
  reason: z.string().nullable(),
})

/** `pull --dry-run`. */
export const pullPreview = z.object({
  model: z.string(),
  download_status: z.literal('planned'),
  message: z.string(),
  expanded_name: z.string().nullable(),
  revision: z.string(),
  commit: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      size_bytes: bytes,
      state: z.enum(['present', 'unproven', 'partial', 'missing']),
      have_bytes: bytes,
      damaged: z.boolean(),
    }),
  ),
  skipped: z.array(z.object({ path: z.string(), size_bytes: bytes })),
  total_bytes: bytes,
  fetch_bytes: bytes,
  /** Room on the disk, some of it left for others; null when the system does not say. */
  free_bytes: bytes.nullable(),
  fits_disk: z.boolean(),
  gated: z.enum(['auto', 'manual']).nullable(),
  /** Whether it will run on this machine. */
  fit,
})

export const transferEvent = z.object({
  type: z.literal('progress'),
  event: z.literal('transfer'),
  total_bytes: bytes,
  done_bytes: bytes,
  fetched_bytes: bytes,
  bytes_per_second: bytes,
  eta_seconds: z.number().int().nullable(),
  connections: z.number().int(),
  note: z.string().nullable(),
  files: z.array(
    z.object({
      path: z.string(),
      size_bytes: bytes,
      done_bytes: bytes,
      phase: z.enum(['queued', 'checking', 'downloading', 'waiting', 'verifying', 'done']),
    }),
  ),
})

/** A model that follows `main`. `unknown`: the Hub could not say (`error`). */
const outdatedModel = z.object({
  name: z.string(),
  commit: z.string(),
  state: z.enum(['current', 'outdated', 'unknown']),
  latest: z.string().nullable(),
  /** That would be fetched. */
  files: z.array(z.string()),
  fetch_bytes: bytes,
  error: z.object({ type: z.string(), message: z.string() }).loose().nullable(),
})

export const outdatedResult = z.object({ models: z.array(outdatedModel) })

export const updateResult = z.object({
  models: z.array(outdatedModel),
  updated: z.array(z.object({ name: z.string(), from: z.string(), to: z.string(), fetched_bytes: bytes })),
})

export type OutdatedModel = z.infer<typeof outdatedModel>
export type OutdatedResult = z.infer<typeof outdatedResult>
export type UpdateResult = z.infer<typeof updateResult>
export type PullResult = z.infer<typeof pullResult>
export type PullPreview = z.infer<typeof pullPreview>
