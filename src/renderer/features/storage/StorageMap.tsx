import { useMemo, useState, type KeyboardEvent } from 'react'
import type { StorageUsage } from '../../../shared/contract'
import { useStorage, useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import { useSize } from '../../lib/use-size'
import { splitOwner } from '../models/model'
import { neighbour, toTiles, type Taken, type Tile } from './model'

/** Smaller tiles keep their words for the tooltip. */
const WORDS = { width: 64, height: 30 }
const TWO_LINES_PX = 62

function fillOf({ kind, canGo, models }: Tile): string {
  if (kind === 'leftovers' || canGo >= 0.999) return 'tile-gone'
  if (kind === 'more') return 'tile-more'
  return models[0]?.old === true ? 'tile-old' : 'tile'
}

interface TileProps {
  tile: Tile
  label: string
  title: string
  size: string
  selected: boolean
  tabStop: boolean
  onSelect: () => void
}

function OneTile({ tile, label, title, size, selected, tabStop, onSelect }: TileProps) {
  const hasRoom = tile.width >= WORDS.width && tile.height >= WORDS.height
  const gone = tile.kind === 'leftovers' || tile.canGo >= 0.999
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the list box hears the keys
    <div
      role="option"
      aria-label={label}
      aria-selected={selected}
      title={label}
      tabIndex={tabStop ? 0 : -1}
      onClick={onSelect}
      className="absolute p-px outline-none [&:focus-visible>div]:outline-2 [&:focus-visible>div]:-outline-offset-2 [&:focus-visible>div]:outline-ring"
      style={{ left: tile.x, top: tile.y, width: tile.width, height: tile.height }}
    >
      <div
        className={cx(
          'relative flex h-full flex-col overflow-hidden rounded-1 text-12 leading-4',
          fillOf(tile),
          selected && 'shadow-[inset_0_0_0_2px_var(--k-accent)]',
        )}
      >
        {gone ? null : (
          <>
            <i
              aria-hidden="true"
              className="tile-shared absolute inset-x-0"
              style={{ bottom: `${tile.canGo * 100}%`, height: `${tile.shared * 100}%` }}
            />
            <i aria-hidden="true" className="tile-gone absolute inset-x-0 bottom-0" style={{ height: `${tile.canGo * 100}%` }} />
          </>
        )}
        {hasRoom ? (
          <span className="relative grid px-2 pt-[7px]">
            <span
              dir="auto"
              className={cx(
                'font-medium [overflow-wrap:anywhere]',
                tile.height < TWO_LINES_PX ? 'truncate' : 'line-clamp-2',
                gone && 'justify-self-start rounded-1 bg-window/85 px-1',
              )}
            >
              {title}
            </span>
            {tile.height < 48 ? null : (
              <span className={cx('num truncate text-ink-2', gone && 'justify-self-start rounded-1 bg-window/85 px-1 text-ink')}>
                {size}
              </span>
            )}
          </span>
        ) : null}
      </div>
    </div>
  )
}

/** Models as areas. Arrow keys move, Enter chooses. */
export function StorageMap({ usage, taken }: { usage: StorageUsage; taken: readonly Taken[] }) {
  const { t, format, stores } = useWindow()
  const selected = useStorage((state) => state.selected)
  const { ref, size } = useSize<HTMLDivElement>()
  const [at, setAt] = useState(0)
  const tiles = useMemo(
    () => toTiles(taken, usage, { x: 0, y: 0, width: size.width, height: size.height }),
    [taken, usage, size.width, size.height],
  )
  const stop = Math.min(at, Math.max(0, tiles.length - 1))
  const titleOf = (tile: Tile): string => {
    if (tile.kind === 'leftovers') return t.storage.leftovers
    const [only] = tile.models
    return tile.kind === 'more' || only === undefined ? t.storage.more(tile.models.length) : splitOwner(only.usage.name).short
  }
  const select = (index: number): void => {
    const tile = tiles[index]
    if (tile === undefined) return
    setAt(index)
    if (tile.kind === 'more') stores.storage.setState({ layout: 'list' })
    else stores.storage.setState({ selected: tile.key === selected ? null : tile.key })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'Enter' || event.key === ' ') select(stop)
    else {
      const next = neighbour(tiles, stop, event.key)
      if (next === null) return
      setAt(next)
      event.currentTarget.querySelectorAll<HTMLElement>('[role=option]')[next]?.focus()
    }
    event.preventDefault()
  }
  return (
    <div className="relative -mx-px min-h-0 flex-1">
      <div
        ref={ref}
        role="listbox"
        aria-label={t.storage.mapLabel}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="absolute inset-0 outline-none"
      >
        {tiles.map((tile, index) => {
          const title = titleOf(tile)
          const bytes = format.disk(tile.bytes)
          const canGo = tile.kind !== 'leftovers' && tile.canGo > 0 ? format.disk(tile.canGo * tile.bytes) : null
          return (
            <OneTile
              key={tile.key ?? tile.kind}
              tile={tile}
              title={title}
              size={bytes}
              label={t.storage.tile(tile.kind === 'model' ? (tile.models[0]?.usage.name ?? title) : title, bytes, canGo)}
              selected={tile.key !== null && tile.key === selected}
              tabStop={index === stop}
              onSelect={() => select(index)}
            />
          )
        })}
      </div>
    </div>
  )
}
