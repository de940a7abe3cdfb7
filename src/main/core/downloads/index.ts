/**
 * Downloads: what to fetch, fetching it, proving it, and making it visible to every tool that reads the cache. Writes to the models' folders
 * in a cache root and to `<data>/downloads`. Imports the faces of `hub`, `cache`, `ownership`, `verify` and `system`. Must not load zod.
 */
export { createDownloader, type Downloader, type DownloaderDeps } from './downloader'
export type { ImportedFile, ImportState } from './import-files'
export { createHashing } from './blob-hash'
export { createJournal } from './journal'
export { planPull } from './plan'
export { fromPreview, toPreview } from './preview'
export { runTransfer } from './run-transfer'
export { selectFiles, toExactPattern } from './select'
export type { Limits, PlannedFile, PlanOutline, PullPlan, PullRequest, TransferProgress, TransferResult } from './types'
