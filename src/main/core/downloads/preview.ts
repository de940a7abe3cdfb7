import type { Fit, PullPreview } from '../../../shared/contract'
import type { PlanOutline } from './types'

/** A plan as clients see it. */
export function toPreview(plan: PlanOutline, fit: Fit, said: { message: string; expandedName: string | null }): PullPreview {
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

/** The plan of another process, from what it says to its clients. */
export function fromPreview(preview: PullPreview): PlanOutline {
  return {
    repo: preview.model,
    revision: preview.revision,
    commit: preview.commit,
    files: preview.files.map(({ path, size_bytes: sizeBytes, state, have_bytes: haveBytes, damaged }) => ({
      path,
      sizeBytes,
      state,
      haveBytes,
      damaged,
    })),
    skipped: preview.skipped.map(({ path, size_bytes: sizeBytes }) => ({ path, sizeBytes })),
    totalBytes: preview.total_bytes,
    fetchBytes: preview.fetch_bytes,
    disk: { freeBytes: preview.free_bytes, neededBytes: preview.fetch_bytes, fits: preview.fits_disk },
    gated: preview.gated ?? false,
  }
}
