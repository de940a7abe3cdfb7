/**
 * Engine: everything between a model folder and a running mlx_lm process: finding and making its Python environment, the launcher's
 * protocol, one supervised process per loaded model, the pool of them with its memory, and the client of an engine's HTTP. May be imported by core,
 * server, cli and shell through this file and types.ts only. Nothing here knows OpenAI's API, the queue, or a cache layout.
 *
 *   const environment = createEngineEnvironment({ env, platform, paths, layout, settings })
 *   const pool = createEnginePool({ environment, env, platform, paths, layout })
 *   const lease = await pool.acquire(model, { signal, onState })
 *   for await (const event of openEngineStream(lease, '/v1/chat/completions', { messages, max_tokens }, signal)) …
 *   lease.release()
 */
export { createEngineEnvironment, type EngineEnvironmentDeps } from './environment/environment'
export { createMachineMemory, type MachineMemory } from './memory/machine'
export { estimateMemory, neededBytes } from './memory/estimate'
export { planMemory } from './memory/plan'
export { modelNeeds, readModelConfig } from './pool/model-config'
export { createEnginePool, type EnginePoolDeps } from './pool/pool'
export { toPoolPolicy } from './pool/policy'
export { contextError } from './stream/engine-error'
export { openEngineStream } from './stream/engine-stream'
export type * from './types'
