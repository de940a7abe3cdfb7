import type { HubModel, ModelSummary } from '../../../shared/contract'
import type { EngineView } from '../engine/model'

export type SkippableStep = 'engine' | 'model'

/** What outlives a reload. Everything else is asked of the owner again. */
export interface Progress {
  /** Something was done or skipped here: the page stays until it is left. */
  begun: boolean
  /** Left for good. */
  left: boolean
  skipped: Readonly<Record<SkippableStep, boolean>>
  /** The Hub was asked for a model, and may be asked again. */
  asked: boolean
  /** The model that was chosen to be fetched. */
  wanted: string | null
}

export const freshProgress: Progress = {
  begun: false,
  left: false,
  skipped: { engine: false, model: false },
  asked: false,
  wanted: null,
}

/** What an older window has kept; whatever is not understood counts as nothing. */
export function readProgress(text: string | null): Progress {
  if (text === null) return freshProgress
  try {
    const kept = JSON.parse(text) as Partial<Record<string, unknown>> | null
    const skipped = kept?.['skipped'] as Partial<Record<string, unknown>> | undefined
    const wanted = kept?.['wanted']
    return {
      begun: kept?.['begun'] === true,
      left: kept?.['left'] === true,
      skipped: { engine: skipped?.['engine'] === true, model: skipped?.['model'] === true },
      asked: kept?.['asked'] === true,
      wanted: typeof wanted === 'string' ? wanted : null,
    }
  } catch {
    return freshProgress
  }
}

interface Situation {
  progress: Progress
  models: readonly ModelSummary[]
  engine: EngineView['kind']
  /** Demo models were turned on: somebody has begun already. */
  demo: boolean
}

/** Whether Models leads through the first steps instead of a table: until there is something to run and something that runs it. */
export function isFirstRun({ progress, models, engine, demo }: Situation): boolean {
  if (progress.left) return false
  if (models.length === 0 || progress.begun) return true
  return !demo && engine === 'missing'
}

/** Room beside the weights for other programs, and for a long conversation. */
const COMFORTABLE = 0.6

/**
 * The one to recommend out of what the Hub's search found, most downloaded first: the largest that leaves this machine room, since a
 * larger model answers better; else the smallest that runs at all. Null when nothing may be fetched by everybody and runs here.
 */
export function recommend(models: readonly HubModel[]): HubModel | null {
  const open = models.filter(({ gated, private: isPrivate, size_bytes: size }) => gated === null && !isPrivate && size !== null)
  const runs = open.filter(({ fit }) => fit.verdict === 'runs' || fit.verdict === 'runs_short')
  const isComfortable = ({ fit }: HubModel): boolean =>
    fit.verdict === 'runs' &&
    fit.needed_bytes !== null &&
    fit.limit_bytes !== null &&
    fit.needed_bytes <= fit.limit_bytes * COMFORTABLE
  const size = (model: HubModel): number => model.size_bytes ?? 0
  const comfortable = runs.filter(isComfortable)
  if (comfortable.length > 0) return comfortable.reduce((best, model) => (size(model) > size(best) ? model : best))
  return runs.reduce<HubModel | null>((best, model) => (best === null || size(model) < size(best) ? model : best), null)
}
