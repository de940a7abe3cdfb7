/**
 * Is a model whole? First two levels: structure, then sizes and safetensors headers; the third, hashes, is `verify`'s. Rules are pure functions from facts to findings; the
 * only reading, bounded, is in `readSnapshotFacts`. Imported by `models`, `verify`, `repair`; must not know the engine, and
 * must not load zod.
 */
export { checkRepo, isComplete, sortFindings, toHealthEntry, toStatus } from './check'
export { toError } from './finding'
export { isObject, parseJsonFile, type JsonFile } from './json-file'
export { isUsuallyFetched } from './rules-tree'
export { isWeightPath } from './rules-weights'
export { readWeightHeader, type WeightHeader } from './weight-header'
export { readSnapshotFacts, type SnapshotFacts } from './snapshot-facts'
export { expectedHash, readTree, toPromisedHash, type TreeFile } from './tree'
export type { ContentMemory } from './types'
