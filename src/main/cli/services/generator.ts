import type { GenerationEvent, SamplingParams } from '../../../shared/contract'
import type { Context } from '../context'
import { connectToOwner } from './owner'

export interface CliMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface CliRequest {
  model: string
  messages: CliMessage[]
  params: SamplingParams
}

/** The owner's engines, or engines of this process's own that end with `close`. The same request gives the same answer. */
export interface CliGenerator {
  generate: (request: CliRequest, signal: AbortSignal) => AsyncIterable<GenerationEvent>
  close: () => Promise<void>
}

export async function openGenerator(context: Context): Promise<CliGenerator> {
  const owner = await connectToOwner(context, context.interruption().signal)
  if (owner !== null) {
    return {
      generate: (request, signal) => owner.stream('chat.send', { ...request, face: 'run' }, { signal }),
      close: () => Promise.resolve(),
    }
  }
  const { createCore } = await import('../../app')
  const { env, platform } = context
  const core = createCore({ env, platform, layout: context.layout(), kind: 'serve', scanInWorker: false })
  return {
    generate: (request, signal) => core.generator.generate({ ...request, face: 'run' }, signal),
    close: () => core.close(),
  }
}
