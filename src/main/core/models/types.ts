import type { Finding, HealthReport, ModelDetail, ModelList, ModelSummary } from '../../../shared/contract'
import type { ScannedRepo, ScannedSnapshot } from '../cache'
import type { SnapshotFacts } from '../health'

/** One verdict, with what it rests on: for `verify` and `repair`, which go on from there. */
export interface Inspection {
  repo: ScannedRepo
  snapshot: ScannedSnapshot | null
  facts: SnapshotFacts | null
  findings: Finding[]
}

export interface ModelInspector {
  /** The model that a name leads to, or all. Looks at the disk. @throws AppError as the catalog's `show` */
  inspect: (spec?: string) => Promise<Inspection[]>
}

/** A model that a name led to, ready for the engine: never a repo id, always a folder. */
export interface ResolvedModel {
  /** Full repo id, `org/name`. */
  name: string
  hash: string | null
  /** Absolute path of the chosen snapshot. */
  snapshotPath: string
  summary: ModelSummary
}

/** The models of all cache roots, as every face of the product sees them. Reads the disk anew when something changed. */
export interface ModelCatalog {
  /**
   * All models, or those with `pattern` in their name, without regard to case. A path (`./x`) lists workspaces only: that one, those in that
   * folder, or those whose path begins so.
   */
  list: (pattern?: string) => Promise<ModelList>
  /** @throws AppError model_not_found, ambiguous_match, invalid_name, hash_not_found */
  show: (spec: string) => Promise<ModelDetail>
  /** No argument: every model. @throws AppError as `show`: a named model that is not there is an error (product.md, E68) */
  health: (spec?: string) => Promise<HealthReport>
  /** @throws AppError as `show`, plus model_unhealthy and model_incompatible: what it returns can be loaded. */
  resolve: (spec: string) => Promise<ResolvedModel>
}
