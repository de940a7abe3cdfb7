import { ChevronDown, ChevronUp } from 'lucide-react'
import { useModels, useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import { nextSort, type SortKey } from './model'

function Column({
  name,
  label,
  end = false,
  className,
}: {
  name: SortKey | null
  label: string
  end?: boolean
  className?: string
}) {
  const { stores } = useWindow()
  const sort = useModels((state) => state.sort)
  if (name === null)
    return (
      <th role="columnheader" scope="col" className={cx('truncate text-start font-medium', className)}>
        {label}
      </th>
    )
  const active = sort.key === name
  const Arrow = sort.descending ? ChevronDown : ChevronUp
  return (
    <th
      role="columnheader"
      scope="col"
      aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : 'none'}
      className={cx('font-medium', className)}
    >
      <button
        type="button"
        onClick={() => stores.models.setState({ sort: nextSort(sort, name) })}
        className={cx(
          'flex h-6 w-full items-center gap-[3px] rounded-1 fine:hover:text-ink',
          end && 'justify-end',
          active && 'text-ink-2',
        )}
      >
        {label}
        {active ? <Arrow size={12} aria-hidden="true" className="flex-none" /> : null}
      </button>
    </th>
  )
}

/** The names of the columns; those that can be sorted by are buttons. */
export function TableHead() {
  const { t } = useWindow()
  const words = t.models.column
  return (
    <thead role="rowgroup" className="block flex-none border-b border-line">
      <tr role="row" aria-rowindex={1} className="columns h-[27px] px-4 text-11 text-ink-3">
        <th role="columnheader" scope="col">
          <span className="sr-only">{words.state}</span>
        </th>
        <Column name="name" label={words.name} />
        <Column name="size" label={words.size} end />
        <Column name={null} label={words.quant} className="c-wide" />
        <Column name="context" label={words.context} end className="c-wide" />
        <Column name={null} label={words.state} className="c-state" />
        <Column name="fit" label={words.fit} end className="c-fit" />
        <Column name="used" label={words.used} className="c-wide" />
      </tr>
    </thead>
  )
}
