import { useEffect } from 'react'
import type { CacheRootState, ModelSummary } from '../../../shared/contract'
import { useFirstRun, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Logo } from '../../components/ui/Logo'
import { useEngineView } from '../engine/EngineBanner'
import { EngineStep } from './EngineStep'
import { FoundStep } from './FoundStep'
import { ModelStep } from './ModelStep'

/** What Models shows at first: what is here, what runs it, and a model; each step can be left out and taken up again. */
export function FirstRun({ roots, models }: { roots: readonly CacheRootState[]; models: readonly ModelSummary[] }) {
  const { t, firstRun } = useWindow()
  const view = useEngineView()
  const { skipped } = useFirstRun((state) => state.progress)
  const isReady = view.kind === 'ready'
  const isOver = (isReady || skipped.engine) && (models.length > 0 || skipped.model)
  useEffect(() => firstRun.open(), [firstRun])
  return (
    <div className="h-full overflow-y-auto bg-pane">
      <div className="mx-auto grid min-h-full max-w-[688px] content-center gap-5 px-6 py-8">
        <div className="flex items-center gap-4">
          <Logo />
          <div>
            <h2 className="text-20 font-semibold tracking-[-0.015em]">
              {isReady && models.length > 0 ? t.firstRun.ready : t.firstRun.nearly}
            </h2>
            <p className="text-ink-2">{t.firstRun.steps}</p>
          </div>
        </div>
        <div className="overflow-hidden rounded-4 bg-window shadow-[inset_0_0_0_1px_var(--k-line),var(--k-shadow-1)]">
          <FoundStep models={models} roots={roots} />
          <EngineStep view={view} />
          <ModelStep models={models} isReady={isReady} />
        </div>
        <div className="flex justify-between">
          <Button
            kind={isOver ? 'plain' : 'ghost'}
            size="l"
            className={isOver ? 'ms-auto' : '-ms-3.5'}
            onClick={() => firstRun.leave(true)}
          >
            {isOver ? t.firstRun.done : t.firstRun.skipAll}
          </Button>
        </div>
      </div>
    </div>
  )
}
