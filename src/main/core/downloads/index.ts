/**
 * Downloads: what to fetch, fetching it, proving it, and making it visible to every tool that reads the cache. Writes to the models' folders
 * in a cache root and to `<data>/downloads`. Imports the faces of `hub`, `cache`, `verify` and `system`. Must not load zod.
 */
export { createJournal, type Journal } from './journal'
export { planPull, type PlanDeps } from './plan'
export { runTransfer, type TransferDeps } from './run-transfer'
export type { Limits, PlannedFile, PullPlan, PullRequest, TransferProgress, TransferResult } from './types'
