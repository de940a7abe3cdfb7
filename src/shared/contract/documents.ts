import { z } from 'zod'
import { tokenSource } from './account'
import { errorCodes } from '../errors'
import { apiKey } from './access'
import { demoStatus, ownerKind } from './app'
import { setting } from './config'
import { engineMemory, engineStatus, installProgress, loadedModel } from './engine'
import { finishReason, generationEvent, timing, usage } from './generation'
import {
  download,
  downloadList,
  importResult,
  outdatedResult,
  pullPreview,
  pullResult,
  transferEvent,
  updateResult,
} from './downloads'
import { searchResult } from './hub'
import { repairPlan, repairResult, verifyProgress, verifyResult } from './integrity'
import { cacheRoot, finding, healthEntry, healthReport, modelDetail, modelFile, modelList, modelSummary } from './models'
import { prunePlan, pruneResult, removal, removalPlan, storageUsage } from './storage'
import { modelCode, trustedRevision } from './trust'

/**
 * The documents of the command line in full (`--json=full`, `--json=stream`, `mlxk2`), one schema per command. The published files in
 * `docs/json` are made from these by `scripts/json-schemas.mjs`.
 */

const bytes = z.number().int().nonnegative()

/** Why a command failed. Facts about it stand beside: `matches`, `available_hashes`, `pid`… */
export const commandError = z.looseObject({ type: z.enum(errorCodes), message: z.string(), hint: z.string().optional() })

export const versionInfo = z.object({
  cli_version: z.string(),
  json_api_spec_version: z.string(),
  system: z.object({ memory_total_bytes: bytes }),
  node: z.string(),
  platform: z.string(),
  arch: z.string(),
})

export const runResult = z.object({
  /** As it was typed, as in mlx-knife. */
  model: z.string(),
  prompt: z.string(),
  response: z.string(),
  tokens_generated: z.number().int(),
  generation_time_s: z.number(),
  resolved_model: z.string(),
  reasoning: z.string().nullable(),
  finish_reason: finishReason,
  usage,
  timing,
})

export const serveResult = z.object({
  url: z.string().nullable(),
  port: z.number().int().nullable(),
  pid: z.number().int(),
  hosts: z.array(z.string()),
  /** Loaded at the start. */
  model: z.string().nullable(),
})

export const uiResult = z.object({
  /** A link with a code that is good for one use. */
  url: z.string(),
  pid: z.number().int(),
  kind: ownerKind,
  attached: z.boolean(),
})

export const demoResult = z.object({
  models: z.array(z.string()),
  question: z.string(),
  answer: z.string(),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }).nullable(),
  finish_reason: z.string().nullable(),
  url: z.string(),
  pid: z.number().int(),
})

/** Who holds the data folder. */
export const runningOwner = z.object({
  pid: z.number().int(),
  kind: ownerKind,
  version: z.string(),
  control_url: z.string(),
  api_url: z.string().nullable(),
})

export const doctorReport = z.object({
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  arch: z.string(),
  data_folder: z.object({
    path: z.string(),
    /** What chose the path. */
    rule: z.string(),
    /** `not_a_folder`: a file, or a link that leads to no folder, is in its place. */
    state: z.enum(['ok', 'missing', 'not_writable', 'not_a_folder']),
    /** Null when the state is `ok` or `missing`. */
    reason: z.string().nullable(),
    free_bytes: bytes.nullable(),
  }),
  roots: z.array(cacheRoot.extend({ free_bytes: bytes.nullable() })),
  engine: engineStatus,
  owner: runningOwner.nullable(),
  api: z.object({
    port: z.number().int(),
    state: z.enum(['ours', 'free', 'taken']),
    pid: z.number().int().nullable(),
    process: z.string().nullable(),
  }),
  settings_problems: z.array(z.string()),
  /** Each with the command or step that mends it. */
  problems: z.array(z.object({ what: z.string(), mend: z.string() })),
})

/** With what was fetched; null when nothing had to be, or nobody could be asked. */
export const repairedModel = repairResult.extend({
  fetched: z.object({ files: z.array(z.string()), fetched_bytes: bytes }).nullable(),
})
export type RepairedModel = z.infer<typeof repairedModel>

/** The plan of a repair that was not done: it was only asked for, or the name was not exact. */
export const repairPreview = z.object({ plan: repairPlan, requires_confirmation: z.boolean() })

/** What became of one name after `rm`. */
export const rmEntry = z.object({
  /** As it was typed. */
  spec: z.string(),
  name: z.string(),
  /** `finished`: only what an earlier, killed run had begun. `would_delete`: only asked for. */
  action: z.enum(['deleted', 'finished', 'would_delete', 'requires_confirmation', 'failed']),
  message: z.string(),
  /** Made before anything was touched; null when only an earlier removal was finished. */
  plan: removalPlan.nullable(),
  removal: removal.omit({ plan: true }).nullable(),
  /** Why it was not removed, or would not be now. */
  error: commandError.nullable(),
})

export const rmResult = z.object({
  results: z.array(rmEntry),
  dry_run: z.boolean(),
  requires_confirmation: z.boolean(),
  /** Of everything together; measured while removing. */
  bytes_freed: bytes,
  disk_bytes_freed: bytes,
})

/** The plan of a clean-up that was not done: it was only asked for, or not agreed to. */
export const prunePreview = z.object({ plan: prunePlan, requires_confirmation: z.boolean() })

export const psResult = z.object({
  models: z.array(loadedModel),
  memory: engineMemory.nullable(),
  /** Who has them loaded; null when nothing runs. */
  owner: runningOwner.nullable(),
})

export const unloadResult = z.object({
  unloaded: z.array(z.string()),
  /** Asked for, but not loaded. */
  not_loaded: z.array(z.string()),
})

export const stopResult = z.object({
  stopped: z.boolean(),
  /** Who it was; null when nothing ran. */
  owner: runningOwner.nullable(),
})

/** `chat` needs a terminal, so this is never printed: its JSON form is an error. */
export const chatResult = z.object({ messages: bytes })

export const configList = z.object({ settings: z.array(setting) })
export const keyList = z.object({ keys: z.array(apiKey) })
/** The key is shown this once. */
export const createdKey = apiKey.extend({ key: z.string() })
export const revokedKey = z.object({ revoked: z.string() })

export const trustList = z.object({ revisions: z.array(trustedRevision) })

/** The code of a revision, and what became of it. `requires_confirmation`: nobody has said yes yet. */
export const trustResult = modelCode.extend({ requires_confirmation: z.boolean() })

export const untrustedResult = z.object({ removed: z.array(trustedRevision) })

export const helpResult = z.object({ help: z.string() })

/** Data of each command's success. Every command can also be asked for its help. */
/** Who the Hub takes us for. `in_effect`: false when another token comes before this one. */
const whoAmIResult = z.object({
  name: z.string(),
  role: z.string().nullable(),
  source: tokenSource,
  in_effect: z.boolean(),
})
export type WhoAmIResult = z.infer<typeof whoAmIResult>

const logoutResult = z.object({
  removed: z.boolean(),
  /** Where another token still comes from. */
  remaining_source: tokenSource.nullable(),
})

export const commandData = {
  list: modelList,
  show: modelDetail,
  health: healthReport,
  verify: verifyResult.omit({ type: true }),
  repair: z.union([repairedModel, repairPreview]),
  rm: rmResult,
  du: storageUsage,
  pull: z.union([pullResult, pullPreview]),
  import: importResult,
  downloads: downloadList,
  outdated: outdatedResult,
  update: updateResult,
  search: searchResult,
  prune: z.union([pruneResult, prunePreview]),
  trust: z.union([trustResult, trustList, untrustedResult]),
  run: runResult,
  chat: chatResult,
  serve: serveResult,
  ps: psResult,
  load: loadedModel,
  unload: unloadResult,
  stop: stopResult,
  ui: uiResult,
  config: z.union([configList, setting, keyList, createdKey, revokedKey]),
  engine: engineStatus,
  demo: z.union([demoResult, demoStatus]),
  doctor: doctorReport,
  login: whoAmIResult,
  logout: logoutResult,
  whoami: whoAmIResult,
  version: versionInfo,
  help: helpResult,
} as const

const progress = z.literal('progress')
const [stateEvent, reasoningEvent, textEvent] = generationEvent.options

/** What `--json=stream` prints before the result: steps of a work, or an answer as it comes. */
export const streamProgress = z.union([
  installProgress.extend({ type: progress }),
  verifyProgress,
  transferEvent,
  stateEvent.extend({ type: progress, event: z.literal('state') }),
  reasoningEvent.extend({ type: progress, event: z.literal('reasoning') }),
  textEvent.extend({ type: progress, event: z.literal('text') }),
])

/** Schemas that get a name in the published files. */
export const named = {
  Finding: finding,
  CacheRoot: cacheRoot,
  Model: modelSummary,
  ModelFile: modelFile,
  HealthEntry: healthEntry,
  EngineStatus: engineStatus,
  Download: download,
  Error: commandError,
  LoadedModel: loadedModel,
  Setting: setting,
  ApiKey: apiKey,
  TrustedRevision: trustedRevision,
} as const

export type VersionInfo = z.infer<typeof versionInfo>
export type RepairPreview = z.infer<typeof repairPreview>
export type RmEntry = z.infer<typeof rmEntry>
export type RmResult = z.infer<typeof rmResult>
export type PrunePreview = z.infer<typeof prunePreview>
export type RunResult = z.infer<typeof runResult>
export type ServeResult = z.infer<typeof serveResult>
export type UiResult = z.infer<typeof uiResult>
export type DemoResult = z.infer<typeof demoResult>
export type RunningOwner = z.infer<typeof runningOwner>
export type TrustResult = z.infer<typeof trustResult>
export type PsResult = z.infer<typeof psResult>
export type UnloadResult = z.infer<typeof unloadResult>
export type StopResult = z.infer<typeof stopResult>
export type DoctorReport = z.infer<typeof doctorReport>
