import type { ReactNode } from 'react'

/** A group of settings with one outline. */
export function Card({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <section className="grid gap-1.5">
      {title === undefined ? null : <h3 className="px-1 text-12 font-semibold text-ink-2">{title}</h3>}
      <div className="overflow-hidden rounded-4 bg-window shadow-[inset_0_0_0_1px_var(--k-line),var(--k-shadow-1)]">{children}</div>
    </section>
  )
}
