import type { StorageUsage } from '../../../shared/contract'
import { resolveModel } from '../cache'

/**
 * The same document of one model, or of one revision of it. Totals and roots are then of that model alone.
 * @throws AppError as `resolveModel`
 */
export function narrowUsage(usage: StorageUsage, spec: string): StorageUsage {
  const named = usage.models.map((model) => ({ name: model.name, snapshots: model.revisions, model }))
  const { repo, hash } = resolveModel(spec, inRootOrder(usage, named))
  const { model } = repo
  return {
    models: [{ ...model, revisions: model.revisions.filter((revision) => hash === null || revision.hash === hash) }],
    roots: usage.roots.filter(({ root }) => root.path === model.root),
    total: {
      size_bytes: model.size_bytes,
      disk_bytes: model.disk_bytes,
      shared_bytes: model.shared_bytes,
      reclaimable_bytes: model.reclaimable_bytes,
      kinds: model.kinds,
    },
  }
}

/** Names are resolved in the order of the roots, whatever the sizes. */
function inRootOrder<T extends { model: { root: string } }>({ roots }: StorageUsage, models: readonly T[]): T[] {
  return roots.flatMap(({ root }) => models.filter(({ model }) => model.root === root.path))
}
