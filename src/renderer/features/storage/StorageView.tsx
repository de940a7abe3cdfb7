import { HardDrive, RefreshCw } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import type { StorageUsage } from '../../../shared/contract'
import { useModels, useStorage, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Toolbar } from '../../app/Toolbar'
import { Button } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { Ring } from '../../components/ui/Ring'
import { Segmented } from '../../components/ui/Segmented'
import { TWO_COLUMNS, useMedia } from '../../lib/use-media'
import { useNow } from '../../lib/use-now'
import { takenBy } from './model'
import { StorageList } from './StorageList'
import { StorageMap } from './StorageMap'
import { TakenDetail } from './TakenDetail'
import { Swatch, UsageBar } from './UsageBar'
import { WhatCanGo } from './WhatCanGo'

function Legend({ hasShared }: { hasShared: boolean }) {
  const { t } = useWindow()
  const { legend } = t.storage
  const edge = 'shadow-[inset_0_0_0_1px_var(--k-edge)]'
  return (
    <ul className="flex flex-none flex-wrap gap-x-4 gap-y-1 pb-3 text-12 text-ink-2" title={t.storage.legendHint}>
      <li className="flex items-center gap-1.5">
        <Swatch className={`tile ${edge}`} />
        {legend.used}
      </li>
      <li className="flex items-center gap-1.5">
        <Swatch className={`tile-old ${edge}`} />
        {legend.old}
      </li>
      {hasShared ? (
        <li className="flex items-center gap-1.5">
          <Swatch className={`tile-shared ${edge}`} />
          {legend.shared}
        </li>
      ) : null}
      <li className="flex items-center gap-1.5">
        <Swatch className="hatched" />
        {legend.canGo}
      </li>
    </ul>
  )
}

/** More than one folder: each with what it takes. */
function Roots({ usage }: { usage: StorageUsage }) {
  const { t, format } = useWindow()
  const roots = usage.roots.filter(({ root, size_bytes: size }) => root.kind === 'primary' || root.state !== 'missing' || size > 0)
  if (roots.length < 2) return null
  return (
    <ul aria-label={t.storage.cacheRoots} className="grid flex-none gap-1 text-12">
      {roots.map(({ root, size_bytes: size, free_bytes: free }) => (
        <li key={root.path} className="num flex gap-3">
          <span dir="auto" className="mono min-w-0 flex-1 truncate text-ink-2" title={root.reason ?? root.path}>
            {root.path}
          </span>
          <span>{format.disk(size)}</span>
          {free === null ? null : <span className="text-ink-3">{t.storage.free(format.disk(free), null)}</span>}
        </li>
      ))}
    </ul>
  )
}

/** What takes the disk, what of it can go, and how to be rid of it. */
export function StorageView() {
  const { t, stores, storage } = useWindow()
  const usage = useStorage((state) => state.usage)
  const plan = useStorage((state) => state.plan)
  const error = useStorage((state) => state.error)
  const scanning = useStorage((state) => state.scanning)
  const layout = useStorage((state) => state.layout)
  const selected = useStorage((state) => state.selected)
  const models = useModels((state) => state.list?.models)
  const used = useModels((state) => state.used)
  const twoColumns = useMedia(TWO_COLUMNS)
  const now = useNow()
  useEffect(() => void storage.refresh(), [storage])
  const taken = useMemo(
    () => (usage === null ? [] : takenBy(usage, models ?? [], (name) => used[name] ?? null, now)),
    [usage, models, used, now],
  )
  const chosen = taken.find(({ key }) => key === selected) ?? null
  const primary = usage?.roots.find(({ root }) => root.kind === 'primary')?.root.path ?? null
  const isEmpty = usage !== null && usage.total.size_bytes === 0 && (plan?.items.length ?? 0) === 0

  const content = () => {
    if (usage === null || plan === null) {
      if (error !== null)
        return (
          <div className="w-full p-4">
            <FailureNote error={error} onRetry={() => void storage.refresh()} />
          </div>
        )
      return (
        <div className="flex-1">
          <Notice icon={<Ring size={26} />} title={t.storage.scanning} />
        </div>
      )
    }
    if (isEmpty)
      return (
        <div className="flex-1">
          <Notice icon={<HardDrive size={28} strokeWidth={1.4} />} title={t.storage.emptyTitle}>
            {t.storage.emptyText}
          </Notice>
        </div>
      )
    return (
      <>
        <div
          data-region="list"
          className="flex min-h-0 min-w-0 flex-1 flex-col gap-3.5 px-4 pt-4 max-two:min-h-[520px] max-two:flex-none"
        >
          {error === null ? null : <FailureNote error={error} onRetry={() => void storage.refresh()} />}
          <UsageBar usage={usage} />
          <Roots usage={usage} />
          {layout === 'map' ? (
            <>
              <StorageMap usage={usage} taken={taken} />
              <Legend hasShared={usage.total.shared_bytes > 0} />
            </>
          ) : (
            <div className="-mx-4 flex min-h-0 flex-1 flex-col border-t border-line">
              <StorageList taken={taken} />
            </div>
          )}
        </div>
        <aside
          data-region="detail"
          aria-label={t.storage.canGoTitle}
          className="flex flex-none flex-col bg-pane max-two:border-t max-two:border-line two:w-(--detail-width) two:border-s two:border-line"
        >
          {chosen === null ? <WhatCanGo plan={plan} taken={taken} /> : <TakenDetail taken={chosen} />}
        </aside>
      </>
    )
  }

  return (
    <>
      <Toolbar title={t.storage.title} subtitle={primary}>
        {usage === null || isEmpty ? null : (
          <Segmented
            label={t.storage.view}
            value={layout}
            onChange={(next) => stores.storage.setState({ layout: next })}
            choices={[
              { value: 'map', label: t.storage.map },
              { value: 'list', label: t.storage.list },
            ]}
          />
        )}
        <Button icon={<RefreshCw size={14} aria-hidden="true" />} busy={scanning} onClick={() => void storage.refresh()}>
          {t.storage.scan}
        </Button>
      </Toolbar>
      <div className={twoColumns ? 'flex min-h-0 flex-1' : 'flex min-h-0 flex-1 flex-col overflow-y-auto'}>{content()}</div>
    </>
  )
}
