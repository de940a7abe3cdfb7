import { z } from 'zod'
import { isoTime, noInput, noOutput, serializedError } from './common'
import { fit } from './hub'
import { method, stream } from './method'

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

/** What `import` came to. */
export const importResult = z.object({
  model: z.string(),
  status: z.literal('imported'),
  revision: z.string(),
  commit: z.string(),
  folder: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      size_bytes: bytes,
      /** `fetched`: not in the folder, or with other bytes, and so from the Hub. */
      state: z.enum(['cloned', 'linked', 'copied', 'present', 'fetched']),
    }),
  ),
  /** Without a second copy, from the folder. */
  shared_bytes: bytes,
  fetched_bytes: bytes,
  snapshot_path: z.string().nullable(),
  health: z.enum(['healthy', 'unhealthy']).nullable(),
  reason: z.string().nullable(),
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

const pattern = z.string().min(1).max(512)
const patterns = z.array(pattern).max(100)

/** What to fetch. `revision` null: `main`. No `include`: what mlx_lm reads; `all`: everything. */
export const downloadRequest = z.strictObject({
  model: z.string().min(1).max(256),
  revision: z.string().min(1).max(256).nullable().default(null),
  include: patterns.default([]),
  exclude: patterns.default([]),
  all: z.boolean().default(false),
  /** Complete files with wrong bytes may be replaced. */
  replace_damaged: z.boolean().default(false),
})

/** Only for this download; null: what the settings say. */
const downloadLimits = z.strictObject({
  connections: z.number().int().min(1).max(16).nullable(),
  bytes_per_second: z.number().int().min(1024).nullable(),
})

/**
 * A download of the owner's queue. `waiting`: for the network, the Hub, room on the disk or another program, and goes on by itself;
 * `paused`: until somebody lets it go on. Ended ones are `done`, `failed` and `cancelled`.
 */
export const download = z.object({
  id: z.string(),
  model: z.string(),
  revision: z.string().nullable(),
  state: z.enum(['queued', 'preparing', 'downloading', 'waiting', 'paused', 'done', 'failed', 'cancelled']),
  /** Null until the Hub has said. */
  commit: z.string().nullable(),
  total_bytes: bytes.nullable(),
  done_bytes: bytes,
  /** That came over the wire since it was started last. */
  fetched_bytes: bytes,
  bytes_per_second: bytes,
  eta_seconds: z.number().int().nullable(),
  connections: z.number().int(),
  /** What it waits for, as a sentence. */
  note: z.string().nullable(),
  /** Why it failed, or waits. */
  error: serializedError.nullable(),
  /** Of the model, once it is done. */
  health: z.enum(['healthy', 'unhealthy']).nullable(),
  reason: z.string().nullable(),
  snapshot_path: z.string().nullable(),
  reused_bytes: bytes,
  elapsed_seconds: bytes,
  created_at: isoTime,
  ended_at: isoTime.nullable(),
})

/** With its files, empty until the Hub has said which. */
export const downloadDetail = z.object({ download, files: transferEvent.shape.files })

export const downloadList = z.object({ downloads: z.array(download) })

const byId = z.strictObject({ id: z.string().min(1).max(64) })
/** Null: all of them. */
const byIdOrAll = z.strictObject({ id: z.string().min(1).max(64).nullable() })

export const downloadsContract = {
  /** In the order in which they run; ended ones after those, newest first. */
  'downloads.list': method(noInput, downloadList),
  /** What it would mean. Changes nothing. */
  'downloads.plan': method(downloadRequest, pullPreview),
  /** A second wish for the same model and revision while the first is under way is the first. `first`: before all others that wait. */
  'downloads.add': method(
    downloadRequest.extend({ first: z.boolean().optional(), limits: downloadLimits.nullable().optional() }),
    download,
  ),
  /** The download as it is, then as it goes, until it has ended. @throws download_not_found */
  'downloads.watch': stream(byId, downloadDetail),
  'downloads.pause': method(byIdOrAll, downloadList),
  /** Lets paused, failed and cancelled ones go on where they were. */
  'downloads.resume': method(byIdOrAll, downloadList),
  /** What was fetched is removed, unless it is to be kept for another time. */
  'downloads.cancel': method(byId.extend({ keep: z.boolean().optional() }), downloadList),
  /** To a place among those that have not ended, from 0. */
  'downloads.move': method(byId.extend({ to: z.number().int().min(0).max(10_000) }), downloadList),
  /** Forgets ended ones; the files stay. */
  'downloads.clear': method(byIdOrAll, noOutput),
}

export type DownloadRequest = z.infer<typeof downloadRequest>
export type DownloadLimits = z.infer<typeof downloadLimits>
export type Download = z.infer<typeof download>
export type DownloadDetail = z.infer<typeof downloadDetail>
export type DownloadList = z.infer<typeof downloadList>
export type OutdatedModel = z.infer<typeof outdatedModel>
export type OutdatedResult = z.infer<typeof outdatedResult>
export type UpdateResult = z.infer<typeof updateResult>
export type ImportResult = z.infer<typeof importResult>
export type PullResult = z.infer<typeof pullResult>
export type PullPreview = z.infer<typeof pullPreview>
