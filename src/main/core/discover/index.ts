/**
 * Discover: what the Hub has, and what of it would run on this machine. Judges models that are not here with the rules for those that are.
 * Imports the faces of `hub`, `downloads`, `health`, `models`, `engine` and `interpreter`; imported by the composition roots.
 */
export type { Discover } from './discover'
export { openDiscover } from './open-discover'
