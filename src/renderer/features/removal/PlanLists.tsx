import type { PrunePlan } from '../../../shared/contract'
import { useModels, useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import { findLoaded, splitOwner } from '../models/model'
import { bytesOf, type KeptRow } from './plan'
import type { PlannedTarget } from './store'

export interface Line {
  key: string
  title: string
  /** Hashes and refs beside the title. */
  mono: string | null
  text: string | null
  size: string
  /** Something that speaks against it. */
  warn?: boolean
}

/** What goes, each with its size. */
export function Lines({ lines }: { lines: readonly Line[] }) {
  if (lines.length === 0) return null
  return (
    <ul className="rounded-3 bg-field px-3 shadow-[inset_0_0_0_1px_var(--k-line-2)]">
      {lines.map((line) => (
        <li key={line.key} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 py-2.5 not-first:border-t not-first:border-line">
          <span dir="auto" className="min-w-0 truncate font-medium" title={line.title}>
            {line.title} {line.mono === null ? null : <span className="mono font-normal text-ink-2">{line.mono}</span>}
          </span>
          <span className={cx('num font-medium', line.warn === true && 'text-ink-3')}>{line.size}</span>
          {line.text === null ? null : (
            <span
              dir="auto"
              className={cx('col-span-2 text-12 [overflow-wrap:anywhere]', line.warn === true ? 'text-warn-ink' : 'text-ink-2')}
            >
              {line.text}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

/** What stays although it was asked for, and why. */
export function KeptList({ kept }: { kept: readonly KeptRow[] }) {
  const { t, format } = useWindow()
  return (
    <ul className={cx('grid gap-2 text-12', kept.length > 0 && 'mt-3')}>
      {kept.map(({ reason, count, bytes, usedBy }) => (
        <li key={reason} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3">
          <span>
            {t.removal.keptFile(count)}. <span className="text-warn-ink">{t.removal.kept[reason]}</span>
            {usedBy.length === 0 ? null : (
              <span dir="auto" className="block truncate text-ink-3" title={usedBy.join('\n')}>
                {usedBy.join(', ')}
              </span>
            )}
          </span>
          <span className="num text-ink-2">
            {format.disk(bytes)} {t.removal.stays}
          </span>
        </li>
      ))}
    </ul>
  )
}

interface Figure {
  name: string
  value: string
}

/** Sums that add up to what is freed. */
export function Figures({ figures, total }: { figures: readonly Figure[]; total: Figure }) {
  return (
    <dl className="num mt-4 grid gap-1.5">
      {figures.map(({ name, value }) => (
        <div key={name} className="flex justify-between gap-3 text-ink-2">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div className="flex justify-between gap-3 font-semibold">
        <dt>{total.name}</dt>
        <dd>{total.value}</dd>
      </div>
    </dl>
  )
}

/** Several models, and what can go: a line for each, and what all of it frees. */
export function ListedPlans({ planned, prune }: { planned: readonly PlannedTarget[]; prune: PrunePlan | null }) {
  const { t, format } = useWindow()
  const loaded = useModels((state) => state.loaded)
  const lines = planned.map(({ target, plan, error }): Line => {
    const key = `${target.root}|${target.name}@${target.revision ?? ''}`
    const title = splitOwner(target.name).short
    const mono = target.revision?.slice(0, 7) ?? null
    const against = error?.message ?? plan?.obstacle ?? null
    if (plan === null || against !== null)
      return { key, title, mono, size: t.removal.stays, text: against === null ? null : t.removal.obstacle(against), warn: true }
    const text = findLoaded(loaded, target.name) === null ? null : t.removal.loaded
    return { key, title, mono, size: format.disk(plan.bytes_freed), text }
  })
  const kinds = (prune?.summary ?? []).map(({ category, count, bytes_freed: bytes }): Line => ({
    key: category,
    title: t.storage.category[category],
    mono: null,
    text: t.storage.items[category](count),
    size: format.disk(bytes),
  }))
  return (
    <>
      <Lines lines={[...kinds, ...lines]} />
      {prune === null || prune.items.length === 0 ? null : <Items prune={prune} />}
      <Figures figures={[]} total={{ name: t.removal.freed, value: format.disk(bytesOf(planned, prune)) }} />
    </>
  )
}

/** Every single thing that can go, with its reason. */
function Items({ prune }: { prune: PrunePlan }) {
  const { t, format } = useWindow()
  return (
    <details className="mt-3 text-12">
      <summary className="w-fit rounded-1 text-accent-ink">{t.common.details}</summary>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <ul tabIndex={0} aria-label={t.common.details} className="mt-2 grid max-h-52 gap-2 overflow-y-auto">
        {prune.items.map(({ category, root, path, reason, bytes_freed: bytes }) => (
          <li key={`${category} ${root} ${path}`} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3">
            <span dir="auto" className="mono truncate" title={`${root}/${path}`}>
              {path}
            </span>
            <span className="num text-ink-2">{format.disk(bytes)}</span>
            <span dir="auto" className="text-ink-3">
              {reason}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
