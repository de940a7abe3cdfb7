import { Check, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useDiscover, useView, useWindow } from '../../app/context'
import { shortcutLabel } from '../../app/shortcuts'
import { Toolbar } from '../../app/Toolbar'
import { Picker } from '../../components/ui/Picker'
import { SearchField } from '../../components/ui/SearchField'
import { cx } from '../../lib/cx'
import type { Wish } from './store'

const SORTS = ['downloads', 'likes', 'trending', 'modified', 'created'] as const
const BITS = ['any', '2', '3', '4', '5', '6', '8', '16'] as const

export function DiscoverToolbar({ onLeaveSearch }: { onLeaveSearch: () => void }) {
  const { t, host, discover, view } = useWindow()
  const query = useDiscover((state) => state.wish.query)
  const sort = useDiscover((state) => state.wish.sort)
  const focus = useView((state) => (state.focus?.target === 'search' ? state.focus.turn : 0))
  return (
    <Toolbar title={t.discover.title}>
      <SearchField
        label={t.discover.search}
        clearLabel={t.discover.clearSearch}
        shortcut={shortcutLabel('search', host)}
        value={query}
        onChange={(value) => discover.change({ query: value.slice(0, 200) })}
        onLeave={onLeaveSearch}
        focusTurn={focus}
        onFocused={view.focusDone}
        className="max-w-[360px] min-w-32 flex-1"
      />
      <span className="flex-1 max-side:hidden" />
      <Picker
        label={t.discover.sort}
        value={sort}
        onChange={(next) => discover.change({ sort: next })}
        choices={SORTS.map((value) => ({ value, label: t.discover.order[value] }))}
      />
    </Toolbar>
  )
}

function Chip({ on, title, onClick, children }: { on: boolean; title?: string; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      title={title}
      onClick={onClick}
      className={cx(
        'inline-flex h-6 flex-none items-center gap-1.5 rounded-full px-2.5 text-12 font-medium',
        on
          ? 'bg-accent-soft text-accent-ink shadow-[inset_0_0_0_1px_var(--k-accent)]'
          : 'shadow-[inset_0_0_0_1px_var(--k-line-2)] fine:hover:bg-hover',
      )}
    >
      {on ? <Check size={12} aria-hidden="true" /> : null}
      {children}
    </button>
  )
}

/** What is left out of the list. */
export function Filters() {
  const { t, discover } = useWindow()
  const wish = useDiscover((state) => state.wish)
  const count = useDiscover((state) => state.models?.length ?? null)
  const hasMore = useDiscover((state) => state.nextSkip !== null)
  const change = (part: Partial<Wish>): void => discover.change(part)
  return (
    <div
      role="group"
      aria-label={t.discover.filters}
      className="flex min-h-11 flex-none flex-wrap items-center gap-2 border-b border-line px-4 py-1.5"
    >
      <Chip on={wish.mlx} title={t.discover.mlxHint} onClick={() => change({ mlx: !wish.mlx })}>
        {t.discover.mlx}
      </Chip>
      <Chip on={wish.fits} onClick={() => change({ fits: !wish.fits })}>
        {t.discover.fits}
      </Chip>
      <Picker
        label={t.discover.bits}
        value={wish.bits === null ? 'any' : (BITS.find((value) => value === String(wish.bits)) ?? 'any')}
        onChange={(next) => change({ bits: next === 'any' ? null : Number(next) })}
        choices={BITS.map((value) => ({
          value,
          label: value === 'any' ? t.discover.anyBits : t.discover.bitsOf(Number(value)),
        }))}
      />
      <span className="relative flex items-center">
        <input
          type="text"
          aria-label={t.discover.owner}
          placeholder={t.discover.owner}
          value={wish.owner ?? ''}
          spellCheck={false}
          autoComplete="off"
          maxLength={96}
          onChange={(event) => change({ owner: event.target.value.trim() === '' ? null : event.target.value.trim() })}
          className="h-6 w-36 rounded-2 bg-field ps-2 pe-6 text-12 shadow-[inset_0_0_0_1px_var(--k-line-2)]"
        />
        {wish.owner === null ? null : (
          <button
            type="button"
            aria-label={t.discover.clearOwner}
            onClick={() => change({ owner: null })}
            className="absolute end-0 grid size-6 place-items-center text-ink-3 fine:hover:text-ink"
          >
            <X size={12} aria-hidden="true" />
          </button>
        )}
      </span>
      <span className="flex-1" />
      {count === null ? null : (
        <span role="status" className="num text-12 text-ink-3">
          {t.discover.found(count, hasMore)}
        </span>
      )}
    </div>
  )
}
