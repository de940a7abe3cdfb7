/**
 * What the models of the cache are: framework, type, capabilities, quantization, context, whether the engine can run them, and the
 * catalog through which every face of the product sees them. Identity is pure functions on facts that `health` read. Imports the faces of
 * `cache` and `health`; imported by the composition root, the engine and generation (types). Must not load zod.
 */
export { createCatalog } from './catalog'
export { findEngineProblem } from './engine-support'
export { identify, type Identity } from './identity'
export { findRuntimeProblem } from './runtime'
export { createLastUsed, type LastUsed } from './last-used'
export { createVerdictIndex, type VerdictIndex } from './verdict-index'
export type { Inspection, ModelCatalog, ModelInspector } from './types'
