import { z } from 'zod'
import { isoTime, modelSpec, noInput, noOutput, serializedError } from './common'
import { method, stream } from './method'

const engineVersions = z.object({
  python: z.string(),
  mlx: z.string().nullable(),
  mlx_lm: z.string(),
  transformers: z.string().nullable(),
})

/** The Python that runs mlx_lm: ours in the data folder (`managed`), or one that the user named. */
export const engineStatus = z.object({
  state: z.enum(['missing', 'installing', 'ready', 'broken']),
  source: z.enum(['managed', 'environment', 'settings']),
  python: z.string().nullable(),
  versions: engineVersions.nullable(),
  /** First 12 hex digits of the SHA-256 of the lock file that the managed environment was made from. */
  lock: z.string().nullable(),
  /** This version of MLX Knife comes with other packages than those in use: `engine.update` moves to them. */
  update_available: z.boolean(),
  /** What `engine.rollback` goes back to. */
  previous: engineVersions.nullable(),
  reason: z.string().nullable(),
  /** The command that mends it, null when there is nothing to mend. */
  hint: z.string().nullable(),
})

/** One step of an engine installation. `fraction` is 0…1, null while it cannot be known. */
export const installProgress = z.object({
  step: z.enum(['find_python', 'create_environment', 'install_packages', 'self_test', 'activate', 'remove']),
  message: z.string(),
  fraction: z.number().min(0).max(1).nullable(),
})

export const engineState = z.enum(['spawning', 'loading', 'warming', 'ready', 'draining', 'stopped', 'crashed'])

export const loadedModel = z.object({
  name: z.string(),
  hash: z.string().nullable(),
  state: engineState,
  /** 0…1 while loading, else null. */
  progress: z.number().min(0).max(1).nullable(),
  /** Measured: what the engine says it uses, else what the system says of its process. Null before the first word. */
  memory_bytes: z.number().int().nullable(),
  /** Set aside for it: weights, the conversations it may hold together, prompt cache, scratch. Null while nothing is set aside. */
  need_bytes: z.number().int().nullable(),
  /** Answers that may be computed together at the moment; null as above. */
  concurrency: z.number().int().nullable(),
  in_flight: z.number().int(),
  /** Requests that wait for the model to load or for their turn. */
  queued: z.number().int(),
  /** A pinned model is neither unloaded when idle nor to make room. */
  pinned: z.boolean(),
  /** Seconds without use until it is unloaded; null = never. */
  keep_alive_s: z.number().nullable(),
  /** When that will be; null while it is in use, pinned or kept for ever. */
  expires_at: isoTime.nullable(),
  pid: z.number().int().nullable(),
  /** What a conversation may have here: the model's own, unless this machine's memory or the settings allow less. */
  context_length: z.number().int(),
  loaded_at: isoTime.nullable(),
  last_used_at: isoTime.nullable(),
  error: serializedError.nullable(),
})

/** The memory that engines may take together, and what of it is set aside. */
export const engineMemory = z.object({
  limit_bytes: z.number().int(),
  /** What set the limit: Metal's own word, an estimate of it, the container, the machine's memory, or the settings. */
  limit_source: z.enum(['metal', 'estimate', 'container', 'machine', 'settings']),
  total_bytes: z.number().int(),
  /** What other programs leave at the moment; null when the system does not say. */
  available_bytes: z.number().int().nullable(),
  reserved_bytes: z.number().int(),
  /** The setting. `auto` decides for each model. */
  safe_memory: z.enum(['auto', 'on', 'off']),
})

/** Seconds; null = for ever, 0 = until the last answer has ended. */
const keepAlive = z.number().min(0).max(1e9).nullable()

export type EngineMemory = z.infer<typeof engineMemory>
export type EngineStatus = z.infer<typeof engineStatus>
export type InstallProgress = z.infer<typeof installProgress>
export type EngineState = z.infer<typeof engineState>
export type LoadedModel = z.infer<typeof loadedModel>

export const engineContract = {
  'engine.status': method(noInput, engineStatus),
  /** Loads a model without asking it anything. Leaving the stream leaves the load to go on; `models.unload` stops it. */
  'models.load': stream(
    z.strictObject({ model: modelSpec, keep_alive_s: keepAlive.optional(), pinned: z.boolean().optional() }),
    loadedModel,
  ),
  /** Lets answers that are being made come to their end, for half a minute at most; `force` does not wait. */
  'models.unload': method(z.strictObject({ model: modelSpec, force: z.boolean().optional() }), noOutput),
  /** @throws model_not_found when it is not loaded */
  'models.pin': method(z.strictObject({ model: modelSpec, pinned: z.boolean() }), noOutput),
  'engine.memory': method(noInput, engineMemory),
}
