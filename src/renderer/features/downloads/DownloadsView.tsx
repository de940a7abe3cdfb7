import { Download as DownloadIcon, Pause, Play } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useDownloads, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Toolbar } from '../../app/Toolbar'
import { Button } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { Ring } from '../../components/ui/Ring'
import { DownloadRow } from './DownloadRow'
import { LimitMenu } from './LimitMenu'
import { groupDownloads, hasEnded, isRunning, totalsOf } from './model'
import { SpeedPlot } from './SpeedPlot'

/** ↑ and ↓ go from row to row, to the same button where the row has it. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined || event.metaKey || event.ctrlKey || event.altKey) return
  const rows = [...event.currentTarget.querySelectorAll('li[data-row]')]
  const at = rows.findIndex((row) => row.contains(document.activeElement))
  const buttons = rows[at + step]?.querySelectorAll('button')
  if (at === -1 || buttons === undefined) return
  event.preventDefault()
  buttons[buttons.length - 1]?.focus()
}

function PauseAll() {
  const { t, downloads } = useWindow()
  const list = useDownloads((state) => state.downloads) ?? []
  const open = list.filter((download) => !hasEnded(download))
  if (open.length === 0) return null
  if (open.every(({ state }) => state === 'paused'))
    return (
      <Button icon={<Play size={14} aria-hidden="true" />} onClick={() => void downloads.resume(null)}>
        {t.downloads.resumeAll}
      </Button>
    )
  return (
    <Button icon={<Pause size={14} aria-hidden="true" />} onClick={() => void downloads.pause(null)}>
      {t.downloads.pauseAll}
    </Button>
  )
}

/** The queue: what is fetched now, what hinders, what waits, and what has ended. */
export function DownloadsView() {
  const { t, format, downloads } = useWindow()
  const list = useDownloads((state) => state.downloads)
  const unfolded = useDownloads((state) => state.unfolded)
  const error = useDownloads((state) => state.error)
  const hasSamples = useDownloads((state) => state.samples.length > 0)
  const { toGo, leftBytes, etaSeconds } = totalsOf(list ?? [])
  const summary =
    toGo === 0 ? null : t.downloads.summary(toGo, format.disk(leftBytes), etaSeconds === null ? null : format.timeLeft(etaSeconds))
  const firstRunning = list?.find(isRunning)?.id
  const firstQueued = list?.find(({ state }) => state === 'queued')?.id

  const content = () => {
    if (list === null) return <Notice icon={<Ring size={26} />} title={t.downloads.loading} />
    if (list.length === 0)
      return (
        <Notice icon={<DownloadIcon size={28} strokeWidth={1.4} />} title={t.downloads.emptyTitle}>
          {t.downloads.emptyText}
        </Notice>
      )
    return groupDownloads(list).map((group) => (
      <section key={group.name} aria-label={t.downloads.group[group.name]}>
        <div className="flex h-9 items-end gap-1.5 px-4 pb-1.5 text-11 text-ink-3">
          <h2 className="font-semibold">{t.downloads.group[group.name]}</h2>
          <span className="num">{format.integer(group.downloads.length)}</span>
          <span className="flex-1" />
          {group.name === 'ended' ? (
            <Button size="s" kind="ghost" className="-me-2 -mb-1" onClick={() => void downloads.clear(null)}>
              {t.downloads.clear}
            </Button>
          ) : null}
        </div>
        <ul className="border-b border-line last:border-b-0">
          {group.downloads.map((download) => (
            <DownloadRow
              key={download.id}
              download={download}
              isNext={download.id === firstQueued}
              unfolded={unfolded[download.id] ?? download.id === firstRunning}
            />
          ))}
        </ul>
      </section>
    ))
  }

  return (
    <>
      <Toolbar title={t.downloads.title} subtitle={summary}>
        <LimitMenu />
        <PauseAll />
      </Toolbar>
      {hasSamples ? <SpeedPlot /> : null}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys move between the buttons in it */}
      <div data-region="list" onKeyDown={walk} className="min-h-0 flex-1 overflow-y-auto pb-3">
        {error === null ? null : (
          <div className="px-4 pt-3">
            <FailureNote error={error} onRetry={downloads.dismissError} />
          </div>
        )}
        {content()}
      </div>
    </>
  )
}
