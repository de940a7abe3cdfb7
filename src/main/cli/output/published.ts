import { z } from 'zod'

/**
 * Form (a) of the JSON output as schemas that refuse every key they do not know: mlx-knife's published JSON API 0.2.3. No command loads
 * them; the tests prove the projection and the built command line against them.
 */

const isoSeconds = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
const bytes = z.number().int().nonnegative()

const modelInList = z.strictObject({
  name: z.string(),
  hash: z
    .string()
    .regex(/^[A-Za-z0-9]{40}$/)
    .nullable(),
  size_bytes: bytes,
  last_modified: isoSeconds,
  framework: z.enum(['MLX', 'GGUF', 'PyTorch', 'Unknown']),
  model_type: z.string(),
  capabilities: z.array(z.string()),
  health: z.enum(['healthy', 'unhealthy']),
  runtime_compatible: z.boolean(),
  reason: z.string().nullable(),
  cached: z.boolean(),
  origin: z.string().nullable(),
  content_hash: z.string().nullable(),
  hash_modified: z.string().nullable(),
  clean: z.boolean().nullable(),
})

const healthEntry = z.strictObject({ name: z.string(), status: z.enum(['healthy', 'unhealthy']), reason: z.string() })
const fileKind = z.enum(['config', 'weights', 'tokenizer', 'readme', 'other'])
const fileEntry = z.strictObject({
  name: z.string().regex(/^[^/]+$/),
  size: z.string().regex(/^\d+(\.\d)?[KMGTP]?B$/),
  type: fileKind,
})
const object = z.record(z.string(), z.unknown())

const data = {
  list: z.strictObject({
    models: z.array(modelInList.extend({ display_name: z.string().optional() })),
    count: z.number().int().nonnegative(),
  }),
  show: z.strictObject({
    model: modelInList.extend({ quantization: z.record(z.string(), z.unknown()).optional() }),
    workspace_metadata: z.null(),
    metadata: object.nullable(),
    files: z.array(fileEntry).optional(),
    config: object.nullable().optional(),
  }),
  health: z.strictObject({
    healthy: z.array(healthEntry),
    unhealthy: z.array(healthEntry),
    summary: z.strictObject({ total: bytes, healthy_count: bytes, unhealthy_count: bytes }),
  }),
  rm: z.strictObject({
    model: z.string().nullable(),
    action: z.string(),
    message: z.string(),
    requires_confirmation: z.boolean(),
    matches: z.array(z.string()),
    lock_files_cleaned: bytes,
    commit_hash: z.string().optional(),
    /** Ours: when several models were named. */
    results: z.array(z.looseObject({ model: z.string(), action: z.string() })).optional(),
  }),
  run: z.strictObject({
    model: z.string(),
    prompt: z.string(),
    response: z.string(),
    tokens_generated: z.number().int(),
    generation_time_s: z.number(),
  }),
  version: z.strictObject({
    cli_version: z.string(),
    json_api_spec_version: z.string().regex(/^\d+\.\d+\.\d+$/),
    system: z.strictObject({ memory_total_bytes: bytes }).nullable(),
  }),
} as const

export type PublishedCommand = keyof typeof data

export const publishedError = z.looseObject({ type: z.string(), message: z.string(), hint: z.string().optional() })

/** The envelope of one command's success. */
export function publishedEnvelope<C extends PublishedCommand>(command: C) {
  return z.strictObject({ status: z.literal('success'), command: z.literal(command), data: data[command], error: z.null() })
}

/** The envelope of any failure; `command` is null only where no command was understood. */
export const publishedFailure = z.strictObject({
  status: z.literal('error'),
  command: z.string().nullable(),
  data: z.null(),
  error: publishedError,
})
