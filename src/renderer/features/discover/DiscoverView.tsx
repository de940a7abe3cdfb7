import { CloudOff, Compass, Search } from 'lucide-react'
import { useEffect, type KeyboardEvent } from 'react'
import { useDiscover, useView, useWindow } from '../../app/context'
import { failureWords, FailureNote } from '../../app/FailureNote'
import { Button } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { Ring } from '../../components/ui/Ring'
import { TWO_COLUMNS, useMedia } from '../../lib/use-media'
import { useNow } from '../../lib/use-now'
import { DiscoverToolbar, Filters } from './DiscoverToolbar'
import { HubDetail } from './HubDetail'
import { ResultRow } from './ResultRow'

function focusResults(): void {
  document.querySelector<HTMLElement>('[data-result]')?.focus()
}

/** ↑ and ↓ go from model to model. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-result]')]
  const at = rows.findIndex((row) => row === document.activeElement)
  const next = step === undefined || at === -1 ? undefined : rows[at + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function Results() {
  const { t, discover, view } = useWindow()
  const { models, busy, error, selected, nextSkip, wish } = useDiscover((state) => state)
  const twoColumns = useMedia(TWO_COLUMNS)
  const now = useNow()
  if (error !== null && (models === null || models.length === 0)) {
    const { title, message, hint } = failureWords(error, t)
    return (
      <Notice
        alert
        icon={<CloudOff size={28} strokeWidth={1.4} />}
        title={title}
        actions={<Button onClick={discover.retry}>{t.common.tryAgain}</Button>}
      >
        {message} {hint}
      </Notice>
    )
  }
  if (models === null) return <Notice icon={<Ring size={26} />} title={t.discover.searching} />
  if (models.length === 0 && !busy)
    return (
      <Notice
        icon={<Search size={28} strokeWidth={1.4} />}
        title={t.discover.nothingTitle}
        actions={
          wish.fits || wish.bits !== null || wish.owner !== null ? (
            <Button onClick={() => discover.change({ fits: false, bits: null, owner: null })}>{t.discover.noFilters}</Button>
          ) : undefined
        }
      >
        {t.discover.nothingText}
      </Notice>
    )
  return (
    <>
      {error === null ? null : (
        <div className="px-4 pt-3">
          <FailureNote error={error} onRetry={discover.retry} />
        </div>
      )}
      <ul aria-label={t.discover.results} aria-busy={busy || undefined} className="py-1">
        {models.map((model) => (
          <ResultRow
            key={model.name}
            model={model}
            selected={model.name === selected}
            nowMs={now}
            onSelect={(name) => {
              discover.select(name)
              if (!twoColumns) view.openDetail(true)
            }}
          />
        ))}
      </ul>
      {nextSkip === null ? null : (
        <div className="flex justify-center p-3">
          <Button busy={busy} onClick={() => void discover.more()}>
            {t.discover.more}
          </Button>
        </div>
      )}
    </>
  )
}

/** Models of the Hub, what each would take here, and the way to get it. */
export function DiscoverView() {
  const { t, discover, view } = useWindow()
  const model = useDiscover((state) => state.models?.find(({ name }) => name === state.selected) ?? null)
  const detailOpen = useView((state) => state.detailOpen)
  const twoColumns = useMedia(TWO_COLUMNS)
  useEffect(() => discover.open(), [discover])
  const instead = !twoColumns && detailOpen && model !== null
  return (
    <>
      <DiscoverToolbar onLeaveSearch={focusResults} />
      <div className="flex min-h-0 flex-1">
        {instead ? (
          <div className="min-w-0 flex-1">
            <HubDetail key={model.name} model={model} onBack={() => view.openDetail(false)} />
          </div>
        ) : (
          // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys move between the buttons in it
          <div className="flex min-w-0 flex-1 flex-col" data-region="list" onKeyDown={walk}>
            <Filters />
            <div className="min-h-0 flex-1 overflow-y-auto">
              <Results />
            </div>
          </div>
        )}
        {twoColumns ? (
          <aside className="w-(--detail-width) flex-none border-s border-line bg-pane" aria-label={t.common.details}>
            {model === null ? (
              <Notice icon={<Compass size={28} strokeWidth={1.4} />} title={t.discover.none}>
                {t.discover.noneText}
              </Notice>
            ) : (
              <HubDetail key={model.name} model={model} onBack={null} />
            )}
          </aside>
        ) : null}
      </div>
    </>
  )
}
