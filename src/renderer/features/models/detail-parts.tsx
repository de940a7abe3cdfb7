import type { ReactNode } from 'react'
import { cx } from '../../lib/cx'

/** A part of the detail pane: its own head, a hairline above. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="grid gap-2 border-t border-line px-4 py-3">
      <h3 className="flex items-center gap-1.5 text-12 font-semibold">
        {title}
        {aside === undefined ? null : <span className="num ms-auto font-normal text-ink-3">{aside}</span>}
      </h3>
      {children}
    </section>
  )
}

export interface Fact {
  name: string
  value: ReactNode
  /** Paths, hashes and the like. */
  mono?: boolean
  title?: string
}

/** Names and values in two columns; a value of null is left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="num grid grid-cols-[92px_minmax(0,1fr)] gap-x-3 gap-y-[5px] text-12">
      {facts
        .filter((fact) => fact.value !== null)
        .map((fact) => (
          <div key={fact.name} className="contents">
            <dt className="text-ink-3">{fact.name}</dt>
            <dd dir="auto" title={fact.title} className={cx('text truncate', fact.mono === true && 'mono')}>
              {fact.value}
            </dd>
          </div>
        ))}
    </dl>
  )
}
