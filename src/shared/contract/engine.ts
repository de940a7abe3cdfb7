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
  memory_bytes: z.number().int().nullable(),
  in_flight: z.number().int(),
  pid: z.number().int().nullable(),
  context_length: z.number().int(),
  loaded_at: isoTime.nullable(),
  last_used_at: isoTime.nullable(),
  error: serializedError.nullable(),
})

export type EngineStatus = z.infer<typeof engineStatus>
export type InstallProgress = z.infer<typeof installProgress>
export type EngineState = z.infer<typeof engineState>
export type LoadedModel = z.infer<typeof loadedModel>

export const engineContract = {
  'engine.status': method(noInput, engineStatus),
  /** Loads a model without asking it anything. Leaving the stream leaves the load to go on; `models.unload` stops it. */
  'models.load': stream(z.strictObject({ model: modelSpec }), loadedModel),
  'models.unload': method(z.strictObject({ model: modelSpec }), noOutput),
}
