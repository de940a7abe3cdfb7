import { ContextMenu } from '@base-ui/react/context-menu'
import { ChevronDown, ChevronRight, ChevronUp } from 'lucide-react'
import { useCallback, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react'
import type { ModelSummary } from '../../../shared/contract'
import { useModels, useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import { useNow } from '../../lib/use-now'
import {
  findByPrefix,
  findLoaded,
  modelKey,
  moveSelection,
  nextSort,
  rangeSelection,
  toggleSelection,
  type Group,
  type GroupName,
  type SortKey,
} from './model'
import { RowMenu } from './ModelMenu'
import { ModelRow, type SelectHow } from './ModelRow'

const PAGE_ROWS = 12
const TYPING_MS = 900

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

function GroupHead({ name, count, folded, onToggle }: { name: GroupName; count: number; folded: boolean; onToggle: () => void }) {
  const { t } = useWindow()
  const Arrow = folded ? ChevronRight : ChevronDown
  return (
    <tr role="row" className="block">
      <td role="gridcell" className="block px-[10px] pt-1">
        <button
          type="button"
          aria-expanded={!folded}
          onClick={onToggle}
          className="flex h-6 items-center gap-1.5 rounded-1 px-1.5 text-11 font-semibold text-ink-3 fine:hover:text-ink"
        >
          <Arrow size={12} aria-hidden="true" />
          {t.models.group[name]} <span className="num font-normal">{count}</span>
        </button>
      </td>
    </tr>
  )
}

interface ModelTableProps {
  groups: readonly Group[]
  /** Shows the details. */
  onOpen: (key: string) => void
  /** Does what the model is for. */
  onAct: (key: string) => void
  /** A click shows the details too, where they stand in place of the list. */
  openOnSelect: boolean
}

export function ModelTable({ groups, onOpen, onAct, openOnSelect }: ModelTableProps) {
  const { t, stores, models: actions } = useWindow()
  const loaded = useModels((state) => state.loaded)
  const selected = useModels((state) => state.selected)
  const also = useModels((state) => state.also)
  const folded = useModels((state) => state.folded)
  const now = useNow()
  const table = useRef<HTMLTableElement>(null)
  const typed = useRef({ text: '', atMs: 0 })
  /** Where a range begins. */
  const anchor = useRef<string | null>(null)

  const shown = useMemo(
    () => groups.flatMap<ModelSummary>((group) => (folded.includes(group.name) ? [] : group.models)),
    [groups, folded],
  )
  const keys = useMemo(() => shown.map(modelKey), [shown])
  const tabStop = selected !== null && keys.includes(selected) ? selected : (keys[0] ?? null)

  const indexOf = useMemo(() => new Map(keys.map((key, index) => [key, index])), [keys])

  const focusRow = useCallback(
    (key: string, how: SelectHow = 'only'): void => {
      const before = stores.models.getState()
      if (how === 'only') void actions.select(key)
      else {
        const next = how === 'toggle' ? toggleSelection(before, key) : rangeSelection(keys, anchor.current ?? before.selected, key)
        void actions.select(next.selected, next.also)
      }
      if (how !== 'range') anchor.current = key
      const row = table.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
      row?.focus()
      row?.scrollIntoView({ block: 'nearest' })
    },
    [actions, keys, stores],
  )
  const onClickRow = useCallback(
    (key: string, how: SelectHow): void => {
      if (openOnSelect && how === 'only') onOpen(key)
      else focusRow(key, how)
    },
    [focusRow, onOpen, openOnSelect],
  )

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null
    if (row === null || event.metaKey || event.ctrlKey || event.altKey) return
    const current = row.dataset['key'] ?? null
    if ((event.key === 'Enter' || event.key === 'ArrowRight') && current !== null) {
      event.preventDefault()
      if (event.key === 'Enter') onAct(current)
      else onOpen(current)
      return
    }
    let target = moveSelection(keys, current, event.key, PAGE_ROWS)
    if (target === null && event.key.length === 1 && event.key !== ' ') {
      const nowMs = Date.now()
      const text = nowMs - typed.current.atMs < TYPING_MS ? typed.current.text + event.key : event.key
      typed.current = { text, atMs: nowMs }
      target = findByPrefix(shown, current, text)
    }
    if (target === null) return
    event.preventDefault()
    focusRow(target, event.shiftKey && target !== current && event.key.length > 1 ? 'range' : 'only')
  }

  const toggle = (name: GroupName): void =>
    stores.models.setState({ folded: folded.includes(name) ? folded.filter((entry) => entry !== name) : [...folded, name] })

  return (
    <table
      ref={table}
      role="grid"
      aria-label={t.models.title}
      aria-multiselectable="true"
      aria-rowcount={shown.length + 1}
      onKeyDown={onKeyDown}
      className="group/list flex h-full min-h-0 w-full flex-col"
    >
      <thead role="rowgroup" className="block flex-none border-b border-line">
        <tr role="row" aria-rowindex={1} className="columns h-[27px] px-4 text-11 text-ink-3">
          <th role="columnheader" scope="col">
            <span className="sr-only">{t.models.column.state}</span>
          </th>
          <Column name="name" label={t.models.column.name} />
          <Column name="size" label={t.models.column.size} end />
          <Column name={null} label={t.models.column.quant} className="c-wide" />
          <Column name="context" label={t.models.column.context} end className="c-wide" />
          <Column name={null} label={t.models.column.state} className="c-state" />
          <Column name="fit" label={t.models.column.fit} end className="c-fit" />
          <Column name="used" label={t.models.column.used} className="c-wide" />
        </tr>
      </thead>
      <ContextMenu.Root>
        <ContextMenu.Trigger
          render={<tbody role="rowgroup" className="block min-h-0 flex-1 overflow-y-auto pb-3" id="model-list" />}
          onContextMenu={(event) => {
            const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null
            if (row?.dataset['key'] === undefined) event.preventBaseUIHandler()
            else if (row.dataset['key'] !== selected && !also.includes(row.dataset['key'])) focusRow(row.dataset['key'])
          }}
        >
          {groups.map((group) => (
            <GroupRows key={group.name} group={group} folded={folded.includes(group.name)} onToggle={() => toggle(group.name)}>
              {(model) => {
                const key = modelKey(model)
                return (
                  <ModelRow
                    key={key}
                    rowKey={key}
                    model={model}
                    loaded={findLoaded(loaded, model.name)}
                    selected={key === selected || also.includes(key)}
                    tabStop={key === tabStop}
                    rowIndex={(indexOf.get(key) ?? 0) + 2}
                    nowMs={now}
                    onSelect={onClickRow}
                    onAct={onAct}
                  />
                )
              }}
            </GroupRows>
          ))}
        </ContextMenu.Trigger>
        <RowMenu />
      </ContextMenu.Root>
    </table>
  )
}

interface GroupRowsProps {
  group: Group
  folded: boolean
  onToggle: () => void
  children: (model: ModelSummary) => ReactNode
}

function GroupRows({ group, folded, onToggle, children }: GroupRowsProps) {
  return (
    <>
      <GroupHead name={group.name} count={group.models.length} folded={folded} onToggle={onToggle} />
      {folded ? null : group.models.map(children)}
    </>
  )
}
