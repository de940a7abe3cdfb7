import { ChevronDown, ChevronRight } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { LogLine } from '../../../shared/contract'
import { useActivity, useWindow } from '../../app/context'
import { CopyButton } from '../../components/ui/CopyButton'
import { Segmented } from '../../components/ui/Segmented'
import { TextField } from '../../components/ui/TextField'
import { cx } from '../../lib/cx'

export type LogFilter = 'all' | 'warn' | 'error'
const filters: readonly LogFilter[] = ['all', 'warn', 'error']
/** More lines than this at once would cost more to draw than anybody reads. */
const SHOWN = 300

const tones: Record<LogLine['level'], string> = {
  debug: 'text-ink-3',
  info: 'text-ink-2',
  warn: 'text-warn-ink',
  error: 'text-bad-ink',
}

/** The lines that fit, oldest first, the last 300 of them. */
export function filterLines(lines: readonly LogLine[], filter: LogFilter, search: string): LogLine[] {
  const wanted = search.trim().toLowerCase()
  const fits = ({ level, message, detail, scope }: LogLine): boolean => {
    if (filter === 'error' && level !== 'error') return false
    if (filter === 'warn' && level !== 'error' && level !== 'warn') return false
    return wanted === '' || `${scope ?? ''} ${message} ${detail}`.toLowerCase().includes(wanted)
  }
  return lines.filter(fits).slice(-SHOWN)
}

/** The end of the log, folded away until somebody wants it. */
export function LogPane() {
  const { t, format } = useWindow()
  const words = t.serverView
  const lines = useActivity((state) => state.lines)
  const file = useActivity((state) => state.logFile)
  const [open, setOpen] = useState(true)
  const [filter, setFilter] = useState<LogFilter>('all')
  const [search, setSearch] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const shown = useMemo(() => filterLines(lines ?? [], filter, search), [lines, filter, search])
  useEffect(() => {
    const element = box.current
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight
  })
  const Arrow = open ? ChevronDown : ChevronRight
  return (
    <section aria-label={words.log} className="flex-none border-t border-line bg-pane">
      <div className="flex h-9 items-center gap-2 ps-2 pe-3">
        <button
          type="button"
          aria-expanded={open}
          aria-label={open ? words.hideLog : words.showLog}
          onClick={() => setOpen(!open)}
          className="flex h-6 items-center gap-1.5 rounded-1 px-2 text-12 font-semibold fine:hover:bg-hover"
        >
          <Arrow size={12} aria-hidden="true" />
          {words.log}
        </button>
        {open ? (
          <>
            <span className="flex-1" />
            <Segmented
              label={words.logLevel}
              choices={filters.map((value) => ({ value, label: words.level[value] }))}
              value={filter}
              onChange={setFilter}
            />
            <TextField
              type="search"
              role="searchbox"
              aria-label={words.logSearch}
              placeholder={words.logSearch}
              dir="auto"
              className="w-40 shrink text-12"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
            {file === null ? null : <CopyButton text={file} label={words.copyLogPath} copiedLabel={t.common.copied} />}
          </>
        ) : null}
      </div>
      {open ? (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
        <div
          ref={box}
          role="region"
          aria-label={words.logLines}
          tabIndex={0}
          onScroll={({ currentTarget: element }) => {
            atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24
          }}
          className="mono text h-[104px] overflow-auto px-4 pb-2 text-[11.5px] leading-[18px] text-ink-2 -outline-offset-2"
        >
          {shown.length === 0 ? (
            <p className="text-ink-3">{lines === null ? null : words.logEmpty}</p>
          ) : (
            <ol>
              {shown.map((line) => (
                <li key={line.number} className="flex gap-2 whitespace-pre" title={line.time}>
                  <span className="flex-none text-ink-3">{format.time(line.time)}</span>
                  <span className={cx('w-10 flex-none', tones[line.level])}>{words.levelWord[line.level]}</span>
                  <span>
                    {line.scope === null ? '' : `${line.scope}: `}
                    {line.message}
                    {line.detail === '' ? '' : ` ${line.detail}`}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </div>
      ) : null}
    </section>
  )
}
