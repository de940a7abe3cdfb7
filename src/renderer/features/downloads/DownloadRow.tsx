import { Check, CircleCheck, CircleX, Clock, Lock, OctagonAlert, Pause, TriangleAlert } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import type { Download } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Meter, type MeterProps } from '../../components/ui/Meter'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { splitOwner, splitTail } from '../models/model'
import { RowActions } from './DownloadActions'
import { DownloadFiles } from './DownloadFiles'
import { fractionOf, termsPage } from './model'
import { rowWords, type RowWords } from './row-words'

const icon = { size: 16, strokeWidth: 1.75, 'aria-hidden': true } as const

function mark(download: Download): ReactNode {
  const { state } = download
  if (state === 'preparing' || state === 'downloading') return <Ring />
  if (state === 'waiting') return <TriangleAlert {...icon} className="text-warn-ink" />
  if (state === 'failed')
    return termsPage(download) === null ? (
      <OctagonAlert {...icon} className="text-bad-ink" />
    ) : (
      <Lock {...icon} className="text-bad-ink" />
    )
  if (state === 'paused') return <Pause {...icon} className="text-ink-3" />
  if (state === 'queued') return <Clock {...icon} className="text-ink-3" />
  if (state === 'cancelled') return <CircleX {...icon} className="text-ink-3" />
  return download.health === 'unhealthy' ? (
    <OctagonAlert {...icon} className="text-bad-ink" />
  ) : (
    <Check {...icon} className="text-ink-3" />
  )
}

const lineTones: Record<RowWords['tone'], string> = { plain: 'text-ink-2', warn: 'text-warn-ink', bad: 'text-bad-ink' }

function barTone({ state }: Download): MeterProps['tone'] {
  if (state === 'waiting') return 'warn'
  return state === 'downloading' || state === 'preparing' ? 'normal' : 'idle'
}

interface DownloadRowProps {
  download: Download
  isNext: boolean
  unfolded: boolean
}

/** A download: what it is, how it stands, how far it is, and what can be done with it. */
export const DownloadRow = memo(function DownloadRow({ download, isNext, unfolded }: DownloadRowProps) {
  const { t, format } = useWindow()
  const { owner, short } = splitOwner(download.model)
  const { line, tone, beside } = rowWords(download, { t, format, isNext })
  const { state } = download
  const fraction = fractionOf(download)
  const hasBar = state !== 'failed' && state !== 'done' && (state === 'downloading' || download.done_bytes > 0)
  const isGood = state === 'done' && download.health === 'healthy'
  return (
    <li data-row className="border-b border-line px-4 py-2.5 last:border-b-0">
      <div className="grid grid-cols-[16px_minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 two:grid-cols-[16px_minmax(0,3fr)_minmax(0,4fr)_minmax(112px,auto)]">
        <span className="grid place-items-center">{mark(download)}</span>
        <div className="min-w-0">
          <div className="font-medium" title={download.model}>
            <MiddleCut prefix={owner === null ? null : `${owner}/`} {...splitTail(short)} />
          </div>
          <div dir="auto" className={cx('num text-12 [overflow-wrap:anywhere]', lineTones[state === 'done' ? 'plain' : tone])}>
            {line}
            {download.revision === null ? null : <span className="text-ink-3"> · {t.downloads.revision(download.revision)}</span>}
          </div>
        </div>
        <div className="grid min-w-0 gap-1.5 max-two:order-last max-two:col-span-2 max-two:col-start-2">
          {hasBar ? <Meter value={fraction} tone={barTone(download) ?? 'normal'} label={t.downloads.progress(short)} /> : null}
          <div
            dir="auto"
            className={cx(
              'num flex items-center gap-1.5 text-12 [overflow-wrap:anywhere]',
              state === 'done' ? lineTones[tone] : 'text-ink-2',
            )}
          >
            {isGood ? <CircleCheck size={14} aria-hidden="true" className="flex-none text-ok-ink" /> : null}
            <span>{beside}</span>
          </div>
        </div>
        <RowActions download={download} name={short} unfolded={unfolded} />
      </div>
      {unfolded && state === 'downloading' ? (
        <div className="ps-8 two:pe-[128px]">
          <DownloadFiles download={download} name={short} />
        </div>
      ) : null}
    </li>
  )
})
