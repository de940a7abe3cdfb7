import { useState } from 'react'
import type { CacheRootState, ModelSummary } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { HealthMark } from '../models/HealthMark'
import { canChat, healthState, modelKey, splitOwner, splitTail } from '../models/model'
import { Step } from './Step'

const FEW = 3

/** What is in the cache already: how much, the largest first, and whether it can be used. */
export function FoundStep({ models, roots }: { models: readonly ModelSummary[]; roots: readonly CacheRootState[] }) {
  const { t, format } = useWindow()
  const [all, setAll] = useState(false)
  const words = t.firstRun
  const cache = roots.find((root) => root.kind === 'primary')
  const place =
    cache === undefined ? null : (
      <p className="text-ink-3">
        {words.cacheText}{' '}
        <span dir="auto" className="mono text [overflow-wrap:anywhere] text-ink-2">
          {cache.path}
        </span>
        {cache.state === 'missing' ? ` (${words.cacheMissing})` : null}
      </p>
    )
  if (models.length === 0)
    return (
      <Step mark="done" title={words.noneFound}>
        {place}
      </Step>
    )
  const sorted = [...models].sort((a, b) => b.size_bytes - a.size_bytes)
  const shown = all ? sorted : sorted.slice(0, FEW)
  const stateOf = (model: ModelSummary): string => {
    const state = healthState(model)
    if (state === 'unhealthy') return words.needsRepair
    return canChat(model) ? words.canChat : words.cannotChat
  }
  return (
    <Step
      mark="done"
      title={words.found(models.length)}
      action={<span className="num text-13">{format.disk(models.reduce((sum, model) => sum + model.size_bytes, 0))}</span>}
    >
      <ul
        aria-label={words.found(models.length)}
        className="mt-0.5 max-h-60 overflow-y-auto rounded-3 bg-pane py-1.5"
        {...(all ? { tabIndex: 0 } : {})}
      >
        {shown.map((model) => (
          <li
            key={modelKey(model)}
            className="grid grid-cols-[16px_minmax(0,1fr)_auto_104px] items-center gap-2.5 px-3.5 py-1 text-13 text-ink"
          >
            <HealthMark state={healthState(model)} />
            <MiddleCut {...splitTail(splitOwner(model.name).short)} />
            <span className="num text-ink-2">{format.disk(model.size_bytes)}</span>
            <span className={healthState(model) === 'unhealthy' ? 'text-end text-bad-ink' : 'text-end text-ink-2'}>
              {stateOf(model)}
            </span>
          </li>
        ))}
        {sorted.length > shown.length ? (
          <li className="px-3.5">
            <Button kind="link" size="s" className="ms-[17px]" onClick={() => setAll(true)}>
              {words.showMore(format.integer(sorted.length - shown.length))}
            </Button>
          </li>
        ) : null}
      </ul>
    </Step>
  )
}
