import type { GenerationEvent } from '../../../shared/contract'
import type { EnginePool } from '../engine/types'
import type { ModelCatalog } from '../models/types'
import { attempt, throwIfAborted, type AttemptDeps } from './attempt'
import { answerInForm, hasForm } from './form'
import { waitForLease } from './lease'
import type { ModelProfile } from './profile'
import { createProfileReader } from './profile-reader'
import { startTally, toTiming, toUsage } from './tally'
import type { GenerationRequest, Generator as TextGenerator } from './types'

export interface GeneratorDeps extends AttemptDeps {
  catalog: Pick<ModelCatalog, 'resolve'>
  pool: Pick<EnginePool, 'acquire'>
}

type ReadProfile = (snapshotPath: string) => Promise<ModelProfile>

/** The generator over a model catalog and an engine pool. See `Generator` for its promises. */
export function createGenerator(deps: GeneratorDeps): TextGenerator {
  const readProfile = createProfileReader()
  return { generate: (request, signal) => generate(deps, readProfile, request, signal) }
}

async function* generate(
  deps: GeneratorDeps,
  readProfile: ReadProfile,
  request: GenerationRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const tally = startTally(deps.clock())
  throwIfAborted(signal)
  const model = request.resolved ?? (await deps.catalog.resolve(request.model))
  throwIfAborted(signal)
  const profile = await readProfile(model.snapshotPath)
  const lease = yield* waitForLease(deps.pool, model, { keepAliveMs: request.keepAliveMs }, signal)
  // Also without anybody who asks for the next event: a caller who left may have forgotten us at a yield.
  signal.addEventListener('abort', lease.release, { once: true })
  try {
    const ask = (asked: GenerationRequest): AsyncGenerator<GenerationEvent, void, void> =>
      attempt(deps, asked, { lease, profile }, tally, signal)
    if (hasForm(request)) yield* answerInForm(request, ask, tally)
    else yield* ask(request)
  } finally {
    signal.removeEventListener('abort', lease.release)
    lease.release()
  }
  const endedAt = deps.clock()
  const usage = toUsage(tally)
  yield { type: 'finish', reason: tally.reason, usage, timing: toTiming(tally, usage, endedAt), model: model.name }
}
