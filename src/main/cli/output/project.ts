import type { HealthReport, ModelDetail, ModelList, ModelSummary } from '../../../shared/contract'
import type { RmEntry, RmResult, RunResult, VersionInfo } from '../../../shared/contract/documents'
import { formatCompactSize } from './text'

/**
 * Form (a) of the JSON output, mlx-knife's published shapes, made from form (b), the contract's types. Nothing else in the CLI may know
 * form (a). Every object is closed: a key that the contract gains does not appear here by itself.
 */

/** The published form of a time has no milliseconds. */
const toSeconds = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z')

function projectModel(model: ModelSummary) {
  return {
    name: model.name,
    hash: model.hash,
    size_bytes: model.size_bytes,
    last_modified: toSeconds(model.last_modified),
    framework: model.framework,
    model_type: model.model_type,
    capabilities: model.capabilities,
    health: model.health,
    runtime_compatible: model.runtime_compatible,
    reason: model.reason,
    cached: model.cached,
    origin: model.origin,
    content_hash: model.content_hash,
    hash_modified: model.hash_modified,
    clean: model.clean,
  }
}

export function projectList(list: ModelList) {
  const models = list.models.map((model) => ({
    ...projectModel(model),
    // A key of rows only, and only of those outside the cache.
    ...(model.display_name === undefined ? {} : { display_name: model.display_name }),
  }))
  return { models, count: list.count }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** mlx-knife fills `quantization` from another key of config.json here than in the model. */
function projectMetadata({ metadata, config }: ModelDetail): ModelDetail['metadata'] {
  const { quantization, ...rest } = metadata ?? {}
  const other = config?.['quantization_config']
  const kept = quantization !== undefined && isObject(other) && 'bits' in other ? { ...rest, quantization } : rest
  return Object.keys(kept).length === 0 ? null : kept
}

/**
 * `--files` wins over `--config`; with either, `metadata` is null. `quantization` is a key of the model only here, and only when
 * config.json has it, as it stands there. The name of a file is its last part.
 */
export function projectShow(detail: ModelDetail, sections: { files: boolean; config: boolean }) {
  const quantization = detail.config?.['quantization']
  const model = { ...projectModel(detail.model), ...(isObject(quantization) ? { quantization } : {}) }
  const frame = { model, workspace_metadata: null }
  if (sections.files) {
    const files = detail.files.map((file) => ({
      name: file.path.slice(file.path.lastIndexOf('/') + 1),
      size: formatCompactSize(file.size_bytes),
      type: file.kind,
    }))
    return { ...frame, files, metadata: null }
  }
  if (sections.config) return { ...frame, config: detail.config, metadata: null }
  return { ...frame, metadata: projectMetadata(detail) }
}

export function projectHealth(report: HealthReport) {
  const entry = ({ name, status, reason }: HealthReport['healthy'][number]) => ({ name, status, reason })
  return { healthy: report.healthy.map(entry), unhealthy: report.unhealthy.map(entry), summary: report.summary }
}

function projectRemoved({ name, action, message, plan, removal }: RmEntry) {
  const hash = removal?.revision ?? plan?.revision ?? null
  return {
    model: name,
    action,
    message,
    requires_confirmation: action === 'requires_confirmation',
    matches: [],
    lock_files_cleaned: removal?.lock_files_cleaned ?? 0,
    ...(hash === null ? {} : { commit_hash: hash }),
  }
}

/** mlx-knife removes one model at a time. Several are one object of its shape, with theirs in `results`. */
export function projectRm(result: RmResult) {
  const all = result.results.map(projectRemoved)
  const [first, ...more] = all
  if (first !== undefined && more.length === 0) return first
  return {
    model: null,
    action: all.every(({ action }) => action === first?.action) ? (first?.action ?? 'deleted') : 'mixed',
    message: all.map(({ message }) => message).join('; '),
    requires_confirmation: result.requires_confirmation,
    matches: [],
    lock_files_cleaned: all.reduce((sum, each) => sum + each.lock_files_cleaned, 0),
    results: all,
  }
}

export function projectVersion(info: VersionInfo) {
  const { cli_version, json_api_spec_version, system } = info
  return { cli_version, json_api_spec_version, system: { memory_total_bytes: system.memory_total_bytes } }
}

export function projectRun(result: RunResult) {
  const { model, prompt, response, tokens_generated, generation_time_s } = result
  return { model, prompt, response, tokens_generated, generation_time_s }
}
