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
  /** What a name leads to, before anything is asked of it. @throws AppError as the catalog's `show` and `resolve` */
  check: (model: string) => Promise<{ name: string; contextLength: number | null }>
  close: () => Promise<void>
}

export async function openGenerator(context: Context): Promise<CliGenerator> {
  const owner = await connectToOwner(context, context.interruption().signal)
  if (owner !== null) {
    return {
      generate: (request, signal) => owner.stream('chat.send', { ...request, face: 'run' }, { signal }),
      check: async (model) => {
        const { name, context: length } = (await owner.call('models.show', { model })).model
        return { name, contextLength: length.tokens }
      },
      close: () => Promise.resolve(),
    }
  }
  const { createCore } = await import('../../app')
  const { env, platform } = context
  const core = createCore({ env, platform, layout: context.layout(), kind: 'serve', scanInWorker: false })
  return {
    generate: (request, signal) => core.generator.generate({ ...request, face: 'run' }, signal),
    check: async (model) => {
      const { name, summary } = await core.catalog.resolve(model)
      return { name, contextLength: summary.context.tokens }
    },
    close: () => core.close(),
  }
}
