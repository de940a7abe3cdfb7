import { Check, Download, Heart, Lock } from 'lucide-react'
import { memo } from 'react'
import type { HubModel } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { cx } from '../../lib/cx'
import { splitTail } from '../models/model'
import { FitMark, fitShape } from './FitMark'
import { useDownload, useIsHere, useIsQueued } from './use-download'

const small = { size: 12, 'aria-hidden': true } as const

function Act({ model, onSelect }: { model: HubModel; onSelect: () => void }) {
  const { t, view } = useWindow()
  const download = useDownload()
  const isQueued = useIsQueued(model.name)
  const isHere = useIsHere(model)
  const words = t.discover
  if (isQueued)
    return (
      <Button size="s" kind="ghost" className="w-[92px]" onClick={() => view.go('downloads')}>
        {words.queued}
      </Button>
    )
  if (isHere)
    return (
      <span className="flex w-[92px] items-center justify-end gap-1.5 text-12 whitespace-nowrap text-ink-2">
        <Check size={14} aria-hidden="true" />
        {words.cached}
      </span>
    )
  if (model.gated !== null && model.size_bytes === null)
    return (
      <Button
        size="s"
        kind="soft"
        className="w-[92px]"
        icon={<Lock {...small} />}
        aria-label={words.accessOf(model.name)}
        onClick={onSelect}
      >
        {words.access}
      </Button>
    )
  return (
    <Button
      size="s"
      kind="soft"
      className="w-[92px]"
      aria-label={words.downloadOf(model.name)}
      onClick={() => download(model.name)}
    >
      {words.download}
    </Button>
  )
}

interface ResultRowProps {
  model: HubModel
  selected: boolean
  nowMs: number
  onSelect: (name: string) => void
}

/** A model of the Hub: what it is, how large, and whether it runs here. */
export const ResultRow = memo(function ResultRow({ model, selected, nowMs, onSelect }: ResultRowProps) {
  const { t, format } = useWindow()
  const [owner = '', ...rest] = model.name.split('/')
  const short = rest.length === 0 ? model.name : rest.join('/')
  const compact = format.shortCount
  return (
    <li
      className={cx(
        'relative mx-1 grid h-[54px] grid-cols-[minmax(0,1fr)_auto] items-center gap-3 rounded-2 px-3 wide:grid-cols-[minmax(0,1fr)_60px_124px_92px]',
        selected ? 'bg-select' : 'fine:hover:bg-hover',
      )}
    >
      <div className="min-w-0">
        <button
          type="button"
          data-result
          aria-label={model.name}
          aria-current={selected || undefined}
          onClick={() => onSelect(model.name)}
          title={model.name}
          className="block max-w-full text-start font-medium after:absolute after:inset-0 after:rounded-2"
        >
          <MiddleCut {...splitTail(short)} />
        </button>
        <div className="num flex items-center gap-2.5 text-11 text-ink-3">
          {/* Where there is no room for columns, what decides stands under the name. */}
          <span className="flex flex-none items-center gap-1.5 text-ink-2 wide:hidden">
            {fitShape(model.fit.verdict)}
            {t.discover.fit[model.fit.verdict]}
            {model.size_bytes === null ? null : <span>· {format.disk(model.size_bytes)}</span>}
          </span>
          <span dir="auto" className="truncate">
            {rest.length === 0 ? '' : owner}
          </span>
          <span
            className="flex flex-none items-center gap-1 max-wide:hidden"
            title={t.discover.downloadsOf(format.integer(model.downloads))}
          >
            <Download {...small} />
            {compact(model.downloads)}
          </span>
          <span
            className="flex flex-none items-center gap-1 max-wide:hidden"
            title={t.discover.likesOf(format.integer(model.likes))}
          >
            <Heart {...small} />
            {compact(model.likes)}
          </span>
          {model.last_modified === null ? null : (
            <span className="flex-none max-wide:hidden" title={format.dateTime(model.last_modified)}>
              {format.ago(model.last_modified, nowMs)}
            </span>
          )}
        </div>
      </div>
      <span className="num text-end max-wide:hidden">{model.size_bytes === null ? '' : format.disk(model.size_bytes)}</span>
      <span className="max-wide:hidden">
        <FitMark fit={model.fit} />
      </span>
      <span className="relative flex justify-end">
        <Act model={model} onSelect={() => onSelect(model.name)} />
      </span>
    </li>
  )
})
