/**
 * Generation: what the gateway, Chat and `run` share: limits, the engine's request, stop texts, reasoning and tool calls apart from the
 * answer, answers that must have a form, token probabilities, usage, finish reason and timing, as one stream of typed events. Knows no
 * wire dialect and no process; the pool and the engine's stream are given. Imported by the composition root, server and cli through this
 * file and types.ts.
 *
 *   const generator = createGenerator({ catalog, pool, openStream: openEngineStream, clock: () => performance.now(), maxTokens: () => null })
 *   for await (const event of generator.generate(request, signal)) …
 */
export { knowsThinkingSwitch } from './abilities'
export { createGenerator, type GeneratorDeps } from './generator'
export { compileSchema } from './schema'
export type * from './types'
