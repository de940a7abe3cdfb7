import { Check, Minus } from 'lucide-react'
import type { ReactNode } from 'react'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'

export type Mark = 'done' | 'skipped' | 'running' | number

const marks = { done: <Check size={12} strokeWidth={2.1} />, skipped: <Minus size={12} strokeWidth={2.1} /> }

/** One of the first steps: how far it is, what it is, one action beside its name. */
export function Step({ mark, title, action, children }: { mark: Mark; title: string; action?: ReactNode; children?: ReactNode }) {
  return (
    <section className="grid grid-cols-[24px_minmax(0,1fr)_auto] gap-x-3 gap-y-0.5 px-[18px] py-4 [&+&]:border-t [&+&]:border-line">
      {mark === 'running' ? (
        <Ring size={20} />
      ) : (
        <span
          aria-hidden="true"
          className={cx(
            'num grid size-5 place-items-center rounded-full text-11 font-semibold',
            mark === 'done' ? 'bg-ok-soft text-ok-ink' : 'text-ink-2 shadow-[inset_0_0_0_1.5px_var(--k-edge)]',
          )}
        >
          {typeof mark === 'number' ? mark : marks[mark]}
        </span>
      )}
      <h2 className="leading-5 font-semibold">{title}</h2>
      <div className="-my-0.5 flex items-center gap-2 text-12 text-ink-2">{action}</div>
      {children === undefined ? null : (
        <div className="col-start-2 col-end-4 mt-1.5 grid gap-1.5 text-12 text-ink-2">{children}</div>
      )}
    </section>
  )
}
