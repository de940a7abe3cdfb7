import type { Fit, PullPreview } from '../../../shared/contract'
import type { PullPlan } from './types'

/** A plan as clients see it. */
export function toPreview(plan: PullPlan, fit: Fit, said: { message: string; expandedName: string | null }): PullPreview {
  const { repo, revision, commit, files, skipped, totalBytes, fetchBytes, disk, gated } = plan
  return {
    model: repo,
    download_status: 'planned',
    message: said.message,
    expanded_name: said.expandedName,
    revision,
    commit,
    files: files.map(({ path, sizeBytes, state, haveBytes, damaged }) => ({
      path,
      size_bytes: sizeBytes,
      state,
      have_bytes: haveBytes,
      damaged,
    })),
    skipped: skipped.map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes })),
    total_bytes: totalBytes,
    fetch_bytes: fetchBytes,
    free_bytes: disk.freeBytes === null ? null : Math.floor(disk.freeBytes),
    fits_disk: disk.fits,
    gated: gated === false ? null : gated,
    fit,
  }
}
