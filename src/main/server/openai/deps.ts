import type { Download, DownloadRequest } from '../../../shared/contract'
import type { RequestLog } from '../../core/activity'
import type { EnginePool } from '../../core/engine/types'
import type { Generator } from '../../core/generation/types'
import type { ModelCatalog } from '../../core/models/types'
import type { GuardRules, KeyRules } from '../http'
import type { Activity } from './activity'

export interface ApiLimits {
  /** Default 16 MiB. */
  maxBodyBytes: number
  /** Requests that are answered or wait for their turn; more are refused with 429. Default 2048. */
  maxOpen: number
  /** Bytes that their bodies have together; more are refused with 429. Default 64 MiB. */
  maxOpenBytes: number
  /** How long a stream's headers wait for the first text, so that a failure can still be a status. Default 1 s. */
  patienceMs: number
  /** A stream that is silent for so long gets a comment. Default 5 s. */
  silenceMs: number
}

export interface ApiDeps {
  generator: Generator
  catalog: Pick<ModelCatalog, 'list' | 'resolve'>
  pool: Pick<EnginePool, 'list' | 'subscribe' | 'load' | 'unload'>
  downloads: { list: () => Download[]; add: (wish: DownloadRequest) => Promise<Download> }
  /** Another number whenever the models on the disk may have changed: until then the list of models is remembered. */
  revision?: () => number
  /** Gets every error that nobody foresaw, once; the client sees only the id. */
  logError: (error: unknown, requestId: string) => void
  /** Hears of every request when its answer begins. */
  onRequest?: (report: RequestReport) => void
  /** Keeps the last requests for the window; without it they are kept for nobody. */
  requests?: Pick<RequestLog, 'begin'>
  /** Product version, for /health. */
  version: string
  /** True while answers cannot be expected, e.g. without an engine. */
  isDegraded?: () => boolean
  /** False while the log cannot be written, e.g. on a full disk. */
  isLogWritten?: () => boolean
  /** Who may call, asked at every request: it changes while we listen. Without it programs and pages of this machine, without a key. */
  access?: () => ApiAccess
  limits?: Partial<ApiLimits>
  /** Counts open answers; give one to watch it. */
  activity?: Activity
  /** `refuse`: new requests get 503. `cut`: open answers end with an error. */
  shutdown?: { refuse: AbortSignal; cut: AbortSignal }
}

export interface ApiAccess extends Pick<GuardRules, 'hosts' | 'origins'> {
  keys: KeyRules
}

/** One request, for a log: never its query, headers or body. */
export interface RequestReport {
  request_id: string
  method: string
  path: string
  status: number
  /** To the beginning of the answer; a stream goes on after it. */
  ms: number
}
