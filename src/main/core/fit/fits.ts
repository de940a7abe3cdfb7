import { join } from 'node:path'
import type { MemoryEstimate, MemoryFit, ModelSummary } from '../../../shared/contract'
import { toRepoFolder } from '../cache'
import { estimateMemory, modelNeeds, neededBytes, readModelConfig } from '../engine'
import type { ModelCatalog } from '../models/types'

export interface Fits {
  list: () => Promise<{ limit_bytes: number; models: MemoryFit[] }>
  /** @throws AppError as the catalog's `show` */
  estimate: (spec: string) => Promise<MemoryEstimate>
}

export interface FitsDeps {
  catalog: Pick<ModelCatalog, 'list' | 'show'>
  /** What engines may use together, in bytes. */
  limitBytes: () => Promise<number>
  /** Default: from the disk. */
  readConfig?: typeof readModelConfig
}

/** A conversation that most people have; a model whose own context is shorter is judged by that. */
const USUAL_TOKENS = 8192
/** Above this part of the limit little else finds room. */
const TIGHT = 0.85
const MAX_REMEMBERED = 5000

function snapshotOf({ name, hash, root }: ModelSummary): string | null {
  if (root.kind === 'workspace') return name
  return hash === null ? null : join(root.path, toRepoFolder(name), 'snapshots', hash)
}

/** Judges models by the plan by which the engine's pool gives them memory. A revision's configuration is read once: it never changes. */
export function createFits({ catalog, limitBytes, readConfig = readModelConfig }: FitsDeps): Fits {
  const configs = new Map<string, Awaited<ReturnType<typeof readModelConfig>>>()
  const configOf = async (path: string): ReturnType<typeof readModelConfig> => {
    const known = configs.get(path)
    if (known !== undefined) return known
    const config = await readConfig(path)
    if (configs.size >= MAX_REMEMBERED) configs.clear()
    configs.set(path, config)
    return config
  }
  const judge = async (summary: ModelSummary, limit: number): Promise<MemoryFit[]> => {
    const path = snapshotOf(summary)
    if (path === null || summary.memory.weights_bytes === 0) return []
    const estimate = estimateMemory(modelNeeds(summary, await configOf(path)), limit)
    const needed = Math.ceil(neededBytes(estimate, Math.min(USUAL_TOKENS, estimate.context_max)))
    const verdict = needed > limit ? 'too_large' : needed > TIGHT * limit ? 'tight' : 'fits'
    const { name, root } = summary
    return [{ name, root: root.path, verdict, needed_bytes: needed, context_tokens: estimate.context_safe }]
  }
  return {
    list: async () => {
      const [{ models }, limit] = await Promise.all([catalog.list(), limitBytes()])
      const judged: MemoryFit[] = []
      for (const model of models) judged.push(...(await judge(model, limit)))
      return { limit_bytes: limit, models: judged }
    },
    estimate: async (spec) => {
      const [{ model, config }, limit] = await Promise.all([catalog.show(spec), limitBytes()])
      return { name: model.name, ...estimateMemory(modelNeeds(model, config ?? {}), limit) }
    },
  }
}
