/**
 * Is a model whole? First two levels: structure, then sizes and safetensors headers. Rules are pure functions from facts to findings; the
 * only reading, bounded, is in `readSnapshotFacts`. Imported by `models`, later by repair and downloads; must not know the engine, and
 * must not load zod.
 */
export { checkRepo, isComplete, toHealthEntry, toStatus } from './check'
export { isObject, type JsonFile } from './json-file'
export { isWeightPath } from './rules-weights'
export { readSnapshotFacts, type SnapshotFacts } from './snapshot-facts'
