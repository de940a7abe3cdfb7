import { ChevronDown, ChevronRight } from 'lucide-react'
import { memo } from 'react'
import { useStorage, useWindow } from '../../app/context'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { cx } from '../../lib/cx'
import { splitOwner, splitTail } from '../models/model'
import type { Taken } from './model'

interface RowProps {
  taken: Taken
  selected: boolean
  open: boolean
}

function Revisions({ taken: { usage, key } }: { taken: Taken }) {
  const { t, format } = useWindow()
  return usage.revisions.map((revision) => (
    <tr key={`${key}@${revision.hash}`} role="row" className="usage-row mx-1 h-7 px-3 text-12 text-ink-2">
      <td role="cell">
        <span className="sr-only">{t.storage.revision}</span>
      </td>
      <td role="cell" className="flex items-center gap-2">
        <span className="mono" title={revision.hash}>
          {revision.hash.slice(0, 7)}
        </span>
        <span className="truncate text-ink-3">
          {revision.chosen ? t.storage.inUse : t.storage.oldRevision}
          {revision.refs.length === 0 ? null : ` · ${revision.refs.join(', ')}`}
        </span>
      </td>
      <td role="cell" className="num text-end">
        {format.disk(revision.size_bytes)}
      </td>
      <td role="cell" className="u-wide text-end text-ink-3">
        –
      </td>
      <td role="cell" className="u-wide text-end text-ink-3">
        –
      </td>
      <td role="cell" className="u-wide num text-end">
        {format.disk(revision.removable_bytes)}
      </td>
    </tr>
  ))
}

function RowBody({ taken, selected, open }: RowProps) {
  const { t, format, stores, storage } = useWindow()
  const { usage, key } = taken
  const { owner, short } = splitOwner(usage.name)
  const Arrow = open ? ChevronDown : ChevronRight
  const size = (bytes: number): string => (bytes === 0 ? '–' : format.disk(bytes))
  return (
    <>
      <tr
        role="row"
        data-selected={selected || undefined}
        className={cx(
          'usage-row mx-1 h-[34px] rounded-2 px-3 [contain-intrinsic-size:auto_34px] [content-visibility:auto]',
          selected ? 'bg-select' : 'fine:hover:bg-hover',
        )}
      >
        <td role="cell">
          {usage.revisions.length === 0 ? null : (
            <button
              type="button"
              aria-label={t.storage.showRevisions(usage.name)}
              aria-expanded={open}
              onClick={() => storage.toggleOpen(key)}
              className="grid size-6 place-items-center rounded-1 text-ink-3 fine:hover:bg-hover fine:hover:text-ink"
            >
              <Arrow size={14} aria-hidden="true" />
            </button>
          )}
        </td>
        <td role="cell">
          <button
            type="button"
            aria-pressed={selected}
            title={usage.problem ?? usage.name}
            onClick={() => stores.storage.setState({ selected: selected ? null : key })}
            className="flex h-6 w-full min-w-0 items-center rounded-1 text-start"
          >
            <MiddleCut prefix={owner === null ? null : `${owner}/`} {...splitTail(short)} />
          </button>
        </td>
        <td role="cell" className="num text-end font-medium" title={`${format.integer(usage.size_bytes)} B`}>
          {format.disk(usage.size_bytes)}
        </td>
        <td role="cell" className="u-wide num text-end text-ink-2">
          {size(usage.shared_bytes)}
        </td>
        <td role="cell" className={cx('u-wide num text-end', usage.reclaimable_bytes > 0 ? 'text-warn-ink' : 'text-ink-3')}>
          {size(usage.reclaimable_bytes)}
        </td>
        <td role="cell" className="u-wide num text-end text-ink-2">
          {size(usage.removable_bytes)}
        </td>
      </tr>
      {open ? <Revisions taken={taken} /> : null}
    </>
  )
}

const Row = memo(RowBody)

/** What the map shows, as a table: the largest first, with revisions to fold out. */
export function StorageList({ taken }: { taken: readonly Taken[] }) {
  const { t } = useWindow()
  const selected = useStorage((state) => state.selected)
  const open = useStorage((state) => state.open)
  const { column } = t.storage
  const head = 'text-end font-medium'
  return (
    <table role="table" aria-label={t.storage.tableLabel} className="flex min-h-0 flex-1 flex-col">
      <thead role="rowgroup" className="block flex-none border-b border-line">
        <tr role="row" className="usage-row h-[27px] px-4 text-11 text-ink-3">
          <th role="columnheader" scope="col">
            <span className="sr-only">{t.storage.revisions}</span>
          </th>
          <th role="columnheader" scope="col" className="text-start font-medium">
            {column.name}
          </th>
          <th role="columnheader" scope="col" aria-sort="descending" className={head}>
            {column.size}
          </th>
          <th role="columnheader" scope="col" className={cx('u-wide', head)}>
            {column.shared}
          </th>
          <th role="columnheader" scope="col" className={cx('u-wide', head)}>
            {column.canGo}
          </th>
          <th role="columnheader" scope="col" className={cx('u-wide', head)}>
            {column.removable}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup" className="block min-h-0 flex-1 overflow-y-auto py-1">
        {taken.map((entry) => (
          <Row key={entry.key} taken={entry} selected={entry.key === selected} open={open.includes(entry.key)} />
        ))}
      </tbody>
    </table>
  )
}
