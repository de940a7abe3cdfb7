import { ContextMenu } from '@base-ui/react/context-menu'
import { useCallback, useMemo, useRef, type FocusEvent, type KeyboardEvent } from 'react'
import { useModels, useWindow } from '../../app/context'
import { useNow } from '../../lib/use-now'
import { GroupHead } from './GroupHead'
import {
  findByPrefix,
  findLoaded,
  modelKey,
  moveSelection,
  rangeSelection,
  toggleSelection,
  toItems,
  type Group,
  type GroupName,
} from './model'
import { RowMenu } from './ModelMenu'
import { ModelRow, type SelectHow } from './ModelRow'
import { TableHead } from './TableHead'
import { useRows } from './use-rows'

const PAGE_ROWS = 12
const TYPING_MS = 900

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
  const scroller = useRef<HTMLTableSectionElement>(null)
  const typed = useRef({ text: '', atMs: 0 })
  /** Where a range begins. */
  const anchor = useRef<string | null>(null)

  const items = useMemo(() => toItems(groups, folded), [groups, folded])
  const shown = useMemo(() => items.flatMap((item) => (item.kind === 'model' ? [item.model] : [])), [items])
  const keys = useMemo(() => items.flatMap((item) => (item.kind === 'model' ? [item.key] : [])), [items])
  const tabStop = selected !== null && keys.includes(selected) ? selected : (keys[0] ?? null)
  const isKept = (key: string): boolean => stores.models.getState().list?.models.some((model) => modelKey(model) === key) === true
  const { drawn, totalPx, focusRow: goTo } = useRows({ items, tabStop, scroller, isKept })

  const focusRow = useCallback(
    (key: string, how: SelectHow = 'only'): void => {
      const before = stores.models.getState()
      if (how === 'only') void actions.select(key)
      else {
        const next = how === 'toggle' ? toggleSelection(before, key) : rangeSelection(keys, anchor.current ?? before.selected, key)
        void actions.select(next.selected, next.also)
      }
      if (how !== 'range') anchor.current = key
      goTo(key)
    },
    [actions, goTo, keys, stores],
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

  // Commands mean what is selected, so a list that is entered with nothing selected selects where one stands.
  const onFocus = ({ target }: FocusEvent): void => {
    const key = target instanceof HTMLElement ? target.dataset['key'] : undefined
    if (key !== undefined && tabStop !== selected) void actions.select(key)
  }
  const toggle = (name: GroupName): void =>
    stores.models.setState({ folded: folded.includes(name) ? folded.filter((entry) => entry !== name) : [...folded, name] })

  return (
    <table
      role="grid"
      aria-label={t.models.title}
      aria-multiselectable="true"
      aria-rowcount={items.length + 1}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      className="group/list flex h-full min-h-0 w-full flex-col"
    >
      <TableHead />
      <ContextMenu.Root>
        <ContextMenu.Trigger
          render={
            <tbody ref={scroller} role="rowgroup" className="relative block min-h-0 flex-1 overflow-y-auto" id="model-list" />
          }
          onContextMenu={(event) => {
            const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null
            if (row?.dataset['key'] === undefined) event.preventBaseUIHandler()
            else if (row.dataset['key'] !== selected && !also.includes(row.dataset['key'])) focusRow(row.dataset['key'])
          }}
        >
          {drawn.map(({ index, start }) => {
            const item = items[index]
            if (item === undefined) return null
            const place = { rowIndex: index + 2, top: start }
            if (item.kind === 'group')
              return (
                <GroupHead
                  key={item.key}
                  name={item.key}
                  count={item.count}
                  folded={item.folded}
                  onToggle={() => toggle(item.key)}
                  {...place}
                />
              )
            const { key, model } = item
            return (
              <ModelRow
                key={key}
                rowKey={key}
                model={model}
                loaded={findLoaded(loaded, model.name)}
                selected={key === selected || also.includes(key)}
                tabStop={key === tabStop}
                nowMs={now}
                onSelect={onClickRow}
                onAct={onAct}
                {...place}
              />
            )
          })}
          <tr aria-hidden="true" className="block" style={{ height: totalPx }} />
        </ContextMenu.Trigger>
        <RowMenu />
      </ContextMenu.Root>
    </table>
  )
}
