/**
 * The third level of health: do the bytes hash to what their names promise? Hashing in threads, the memory of hashes in the data folder, and
 * what is still known of earlier runs (`ContentMemory`). Imports the faces of `cache` and `health`; imported by `repair` and the
 * composition roots. Reads only, except its own memory. Must not load zod.
 */
export { createContentMemory } from './damage'
export { hashFile } from './hash-file'
export { findCheckable, identify } from './locate'
export { createHashMemory, type HashMemory } from './memory'
export type { Subject } from './types'
export { createVerifier, type Proof, type ProofTarget, type Verifier, type VerifyOptions } from './verify'
