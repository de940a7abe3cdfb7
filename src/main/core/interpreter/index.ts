/**
 * Which Python runs the engine, and what the mlx_lm in it can load: answered by a few looks at the disk, so that every command may ask.
 * Making and mending the environment is `engine`'s, which imports this face, as do the composition roots. Must not load zod.
 */
export { locateManaged, locateNamed, type NamedInterpreter } from './locate'
export { readLock, type EngineLock } from './lock-file'
export { createEngineSupport, type EngineSupport, type EngineSupportDeps } from './support'
