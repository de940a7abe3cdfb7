import { z } from 'zod'
import { isoTime, noInput, noOutput, serializedError } from './common'
import { download } from './downloads'
import { engineStatus, installProgress, loadedModel } from './engine'
import { method, stream } from './method'

/** Raised when an older client would misunderstand us; additions do not raise it. */
export const CONTRACT_VERSION = 1

export const ownerKind = z.enum(['app', 'serve', 'daemon'])

export const appInfo = z.object({
  instance_id: z.string(),
  version: z.string(),
  contract: z.number().int(),
  kind: ownerKind,
  pid: z.number().int(),
  started_at: isoTime,
  platform: z.string(),
})

/** The OpenAI API's listener. `hosts` says what is bound, e.g. `["127.0.0.1","::1"]`. */
export const serverStatus = z.object({
  state: z.enum(['stopped', 'starting', 'ready', 'port_in_use', 'failed']),
  url: z.string().nullable(),
  port: z.number().int().nullable(),
  hosts: z.array(z.string()),
  in_flight: z.number().int(),
  error: serializedError.nullable(),
})

export const job = z.object({
  id: z.string(),
  kind: z.enum(['engine.install', 'engine.update', 'engine.rollback', 'engine.remove']),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  progress: installProgress.nullable(),
  started_at: isoTime,
  ended_at: isoTime.nullable(),
  error: serializedError.nullable(),
})

export const demoStatus = z.object({
  enabled: z.boolean(),
  models: z.array(z.string()),
})

/** What says something of the person: `app.forget` deletes it. `activity`: when models were used, and the list of requests. */
const privateKind = z.enum(['chats', 'activity', 'settings', 'api_keys', 'hub_token', 'trust', 'downloads', 'logs'])

/** Where something of ours lies. */
export const place = z.object({
  what: z.enum([...privateKind.options, 'engine', 'index', 'demo']),
  path: z.string(),
  /** Of what lies there; null when there is nothing. */
  size_bytes: z.number().int().nonnegative().nullable(),
  /** `app.forget` deletes it; the others hold nothing of the person. */
  private: z.boolean(),
})

export const forgetResult = z.object({
  forgotten: z.array(privateKind),
  failed: z.array(z.object({ what: privateKind, error: serializedError })),
  freed_bytes: z.number().int().nonnegative(),
})

/** Everything the window mirrors. `models.revision` rises when the list of models has changed: ask `models.list` again then. */
export const appState = z.object({
  app: appInfo,
  server: serverStatus,
  engine: engineStatus,
  loaded: z.array(loadedModel),
  jobs: z.array(job),
  /** In the order in which they run; ended ones after those, newest first. */
  downloads: z.array(download),
  demo: demoStatus,
  models: z.object({ revision: z.number().int() }),
  /** How the windows look and speak; `system` leaves it to theirs. */
  appearance: z.object({ theme: z.enum(['system', 'light', 'dark']), language: z.enum(['system', 'en', 'de']) }),
  /** Rises when the list of conversations has changed. */
  chats: z.object({ revision: z.number().int() }),
})

/** The first frame carries every key, later ones only those that changed. */
export const stateFrame = z.object({ revision: z.number().int(), changes: appState.partial() })

export type PrivateKind = z.infer<typeof privateKind>
export type ForgetResult = z.infer<typeof forgetResult>
export type Place = z.infer<typeof place>
export type OwnerKind = z.infer<typeof ownerKind>
export type AppInfo = z.infer<typeof appInfo>
export type ServerStatus = z.infer<typeof serverStatus>
export type Job = z.infer<typeof job>
export type DemoStatus = z.infer<typeof demoStatus>
export type AppState = z.infer<typeof appState>
export type Appearance = AppState['appearance']
export type StateFrame = z.infer<typeof stateFrame>

export const appContract = {
  'app.info': method(noInput, appInfo),
  /** Everything that this program keeps on the disk, besides the models. */
  'app.places': method(noInput, z.object({ root: z.string(), places: z.array(place) })),
  /**
   * Deletes these kinds at once and for good, never a model or anything else in the Hugging Face cache: downloads and answers under way
   * are stopped, and settings are as on the first day.
   */
  'app.forget': method(z.strictObject({ what: z.array(privateKind).min(1).max(privateKind.options.length) }), forgetResult),
  /** Ends the owner: open answers get a moment, engines end. The answer comes before the end. */
  'app.stop': method(noInput, noOutput),
  /** A link that opens the window's interface in a browser: `http://127.0.0.1:PORT/#code=…`, good for one use within a minute. */
  'ui.link': method(noInput, z.object({ url: z.string() })),
  'state.watch': stream(noInput, stateFrame),
  'jobs.start': method(z.strictObject({ kind: job.shape.kind }), z.object({ id: z.string() })),
  'jobs.watch': stream(z.strictObject({ id: z.string() }), job),
  'jobs.cancel': method(z.strictObject({ id: z.string() }), noOutput),
  /** Starts the API's listener when it is not running. @throws port_in_use, listen_failed */
  'server.start': method(z.strictObject({ port: z.number().int().min(0).max(65535).optional() }), serverStatus),
  'server.stop': method(noInput, serverStatus),
  'demo.enable': method(noInput, demoStatus),
  'demo.remove': method(noInput, demoStatus),
}
