import { Check, Minus, OctagonAlert } from 'lucide-react'
import { memo, type KeyboardEvent } from 'react'
import type { ApiRequest } from '../../../shared/contract'
import { useActivity, useWindow } from '../../app/context'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { splitOwner, splitTail } from '../models/model'
import { clientWord, failureWord, isRunning, phaseColours, phaseNames, phasesOf, totalMs } from './request-words'

/** Bars compare requests with each other: the longest of those that are shown is full. */
const LONGEST_MS = 10_000

function StateMark({ request }: { request: ApiRequest }) {
  if (isRunning(request)) return <Ring size={13} />
  if (request.state === 'failed') return <OctagonAlert size={14} aria-hidden="true" className="text-bad-ink" />
  if (request.state === 'cancelled') return <Minus size={14} aria-hidden="true" className="text-ink-3" />
  return <Check size={14} aria-hidden="true" className="text-ink-3" />
}

export function TimingBar({ request, fullMs, className }: { request: ApiRequest; fullMs: number; className?: string }) {
  const phases = phasesOf(request)
  const width = Math.min(1, Math.max(0.04, totalMs(request) / fullMs))
  return (
    <span
      aria-hidden="true"
      className={cx('flex gap-px overflow-hidden rounded-[2px]', className)}
      style={{ width: `${Math.round(width * 100)}%` }}
    >
      {phaseNames.map((name) =>
        phases[name] < 1 ? null : (
          <i key={name} className={cx('h-full min-w-[2px]', phaseColours[name])} style={{ flexGrow: phases[name], flexBasis: 0 }} />
        ),
      )}
    </span>
  )
}

/** Arrows, Home and End move between the rows. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const rows = [...(event.currentTarget.closest('[role=grid]')?.querySelectorAll<HTMLElement>('[role=row][data-id]') ?? [])]
  const at = rows.indexOf(event.currentTarget)
  const targets: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }
  const target = targets[event.key]
  if (target === undefined) return
  event.preventDefault()
  rows[Math.min(rows.length - 1, Math.max(0, target))]?.focus()
}

interface RowProps {
  request: ApiRequest
  selected: boolean
  tabStop: boolean
  fullMs: number
  onSelect: (id: string) => void
}

const Row = memo(function Row({ request, selected, tabStop, fullMs, onSelect }: RowProps) {
  const { t, format } = useWindow()
  const words = t.serverView
  const { short } = splitOwner(request.model ?? '')
  const failure = failureWord(request, t)
  const seconds = (ms: number): string => format.seconds(ms)
  const answered = format.integer(request.completion_tokens)
  const read = request.prompt_tokens === null ? null : format.integer(request.prompt_tokens)
  return (
    <div
      role="row"
      data-id={request.id}
      tabIndex={tabStop ? 0 : -1}
      aria-selected={selected}
      onClick={() => onSelect(request.id)}
      onKeyDown={moveFocus}
      onFocus={() => (selected ? undefined : onSelect(request.id))}
      className={cx(
        'requests mx-1 h-8 rounded-2 px-3 text-12 outline-offset-[-2px]',
        selected ? 'bg-select' : 'fine:hover:bg-hover',
      )}
    >
      <span role="gridcell" className="grid place-items-center">
        <StateMark request={request} />
        <span className="sr-only">{words.state[request.state]}</span>
      </span>
      <span role="gridcell" className="num text-ink-3" title={format.dateTime(request.started_at)}>
        {format.time(request.started_at)}
      </span>
      <span role="gridcell" dir="auto" className="r-client truncate">
        {clientWord(request, t)}
      </span>
      <span role="gridcell" dir="auto" className="flex text-ink-2" title={request.model ?? ''}>
        <MiddleCut {...splitTail(short)} />
      </span>
      {failure === null ? (
        <>
          <span role="gridcell" className="r-tokens num text-end whitespace-nowrap text-ink-2">
            {read === null && request.completion_tokens === 0 ? null : (
              <>
                <span aria-hidden="true">{words.tokensInOut(read ?? '…', answered)}</span>
                <span className="sr-only">{words.tokensSpoken(read ?? '0', answered)}</span>
              </>
            )}
          </span>
          <span role="gridcell" className="r-timing">
            <TimingBar request={request} fullMs={fullMs} className="h-2" />
            <span className="sr-only">
              {words.timingSpoken(
                seconds(request.queue_ms),
                seconds(request.load_ms),
                seconds(request.prefill_ms),
                seconds(request.decode_ms),
              )}
            </span>
          </span>
        </>
      ) : (
        <span role="gridcell" className="r-why truncate text-bad-ink" title={failure}>
          {failure}
        </span>
      )}
      <span role="gridcell" className="num text-end">
        {seconds(totalMs(request))}
      </span>
    </div>
  )
})

function Legend() {
  const { t } = useWindow()
  return (
    <span className="ms-auto flex flex-wrap justify-end gap-x-3.5 text-11 text-ink-2 max-wide:hidden">
      {phaseNames.map((name) => (
        <span key={name} className="flex items-center gap-[5px]">
          <i aria-hidden="true" className={cx('size-[9px] rounded-[2px]', phaseColours[name])} />
          {t.serverView.phase[name]}
        </span>
      ))}
    </span>
  )
}

interface RequestTableProps {
  selected: string | null
  onSelect: (id: string) => void
}

/** The last requests, newest first. One tab stop; the arrows choose. */
export function RequestTable({ selected, onSelect }: RequestTableProps) {
  const { t } = useWindow()
  const words = t.serverView
  const requests = useActivity((state) => state.requests)
  const total = useActivity((state) => state.total)
  const list = requests ?? []
  const running = list.filter(isRunning).length
  const fullMs = Math.max(LONGEST_MS, ...list.map(totalMs))
  const tabStop = list.some(({ id }) => id === selected) ? selected : (list[0]?.id ?? null)
  return (
    <section aria-label={words.requests} className="flex min-h-[120px] min-w-0 flex-1 flex-col">
      <div className="flex h-[30px] flex-none items-center gap-2 px-4 text-12">
        <h2 className="font-semibold">{words.requests}</h2>
        <span className="num text-ink-3">{words.requestsNow(running, total)}</span>
        <Legend />
      </div>
      {list.length === 0 ? (
        <div className="grid flex-1 content-center justify-items-center gap-1 border-t border-line p-4 text-center">
          {requests === null ? null : (
            <>
              <h3 className="font-semibold">{words.noRequests}</h3>
              <p className="max-w-80 text-12 text-ink-2 text-pretty">{words.noRequestsText}</p>
            </>
          )}
        </div>
      ) : (
        <div
          role="grid"
          aria-label={words.requests}
          aria-rowcount={list.length + 1}
          data-region="list"
          className="min-h-0 flex-1 overflow-y-auto"
        >
          <div
            role="row"
            className="requests sticky top-0 z-10 h-7 border-y border-line bg-window px-4 text-11 font-medium text-ink-3"
          >
            <span role="columnheader" className="sr-only">
              {words.column.state}
            </span>
            <span role="columnheader" className="col-start-2">
              {words.column.time}
            </span>
            <span role="columnheader" className="r-client">
              {words.column.client}
            </span>
            <span role="columnheader">{words.column.model}</span>
            <span role="columnheader" className="r-tokens text-end">
              {words.column.tokens}
            </span>
            <span role="columnheader" className="r-timing">
              {words.column.timing}
            </span>
            <span role="columnheader" className="text-end">
              {words.column.total}
            </span>
          </div>
          {list.map((request) => (
            <Row
              key={request.id}
              request={request}
              selected={request.id === selected}
              tabStop={request.id === tabStop}
              fullMs={fullMs}
              onSelect={onSelect}
            />
          ))}
        </div>
      )}
    </section>
  )
}
