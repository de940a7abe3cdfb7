import { defaultRangeExtractor, useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { useCallback, useLayoutEffect, useRef, type RefObject } from 'react'
import type { TableItem } from './model'

/** Heights in px, as the classes of the rows have them. */
const ROW_PX = 34
const GROUP_PX = 28
/** Kept free above and below a row that is gone to. */
const MARGIN_PX = 32

/** The model that stands where one stood, or the last one before it. */
export function neighbour(items: readonly TableItem[], index: number): string | null {
  const isModel = ({ kind }: TableItem): boolean => kind === 'model'
  return (items.slice(Math.max(0, index)).find(isModel) ?? items.slice(0, Math.max(0, index)).filter(isModel).at(-1))?.key ?? null
}

export interface Rows {
  /** What is drawn: what is in sight, some around it, and the row that has the focus or would get it. */
  drawn: readonly VirtualItem[]
  /** Of all rows, in px. */
  totalPx: number
  /** Brings a row into sight and focuses it, as soon as it is drawn. */
  focusRow: (key: string) => void
}

interface RowsOptions {
  items: readonly TableItem[]
  tabStop: string | null
  scroller: RefObject<HTMLElement | null>
  /** Whether a model that is not shown is still in the cache. */
  isKept: (key: string) => boolean
}

/** Draws the rows in sight alone: a cache of five hundred models costs what a screen of them costs. */
export function useRows({ items, tabStop, scroller, isKept }: RowsOptions): Rows {
  const wanted = useRef<string | null>(null)
  const focused = (): string | null => {
    const active = document.activeElement
    return active instanceof HTMLElement && scroller.current?.contains(active) === true ? (active.dataset['key'] ?? null) : null
  }
  const indexOf = (key: string | null): number => (key === null ? -1 : items.findIndex((item) => item.key === key))
  // oxlint-disable-next-line react/incompatible-library -- nothing of it is handed on to memoised components
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.kind === 'group' ? GROUP_PX : ROW_PX),
    getItemKey: (index) => items[index]?.key ?? index,
    // Before it is measured: never more than the window shows.
    initialRect: { width: 0, height: window.innerHeight },
    overscan: 8,
    paddingEnd: 12,
    scrollPaddingStart: MARGIN_PX,
    scrollPaddingEnd: MARGIN_PX,
    rangeExtractor: (range) => {
      const kept = [tabStop, focused(), wanted.current].map(indexOf).filter((index) => index >= 0)
      return [...new Set([...defaultRangeExtractor(range), ...kept])].sort((a, b) => a - b)
    },
  })
  useLayoutEffect(() => {
    const key = wanted.current
    if (key === null) return
    const row = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
    if (row == null) return
    wanted.current = null
    row.focus({ preventScroll: true })
  })
  const latest = useRef(indexOf)
  useLayoutEffect(() => {
    latest.current = indexOf
  })
  const focusRow = useCallback(
    (key: string): void => {
      const index = latest.current(key)
      if (index < 0) return
      const row = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
      if (row == null) wanted.current = key
      else row.focus({ preventScroll: true })
      virtualizer.scrollToIndex(index, { align: 'auto' })
    },
    [scroller, virtualizer],
  )
  // A row that goes away with its model leaves the focus to the one in its place.
  const last = useRef<{ key: string; index: number } | null>(null)
  useLayoutEffect(() => {
    const key = focused()
    if (key !== null) last.current = { key, index: indexOf(key) }
    else if (last.current !== null && indexOf(last.current.key) >= 0) last.current.index = indexOf(last.current.key)
    // What a filter hides is not gone, and whoever went on elsewhere is not called back; a sheet gives the focus back when it closes.
    else if (last.current !== null && document.activeElement === document.body && !isKept(last.current.key)) {
      const next = neighbour(items, last.current.index)
      last.current = null
      if (next !== null) focusRow(next)
    } else if (document.activeElement?.closest('[role="dialog"], [role="alertdialog"]') == null) last.current = null
  })
  return { drawn: virtualizer.getVirtualItems(), totalPx: virtualizer.getTotalSize(), focusRow }
}
