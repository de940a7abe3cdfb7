/**
 * Mending models: a pure plan (what can be done with what is here, what only the Hub has, what nothing mends), and its offline half, under
 * the model's lock, never outside the model's folder. Imports the faces of `cache`, `health`, `verify`, `ownership` (types); imported by the
 * composition roots, later by downloads, which do the other half of the same plan. Must not load zod.
 */
export { whyLeft } from './causes'
export { createRepairer, type Repairer } from './repairer'
export type { RepairFacts } from './types'
