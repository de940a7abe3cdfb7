import type { ReactNode } from 'react'
import { cx } from '../../lib/cx'

type Tone = 'plain' | 'accent' | 'warn' | 'bad'

const tones: Record<Tone, string> = {
  plain: 'bg-field shadow-[inset_0_0_0_1px_var(--k-line)]',
  accent: 'bg-accent-soft',
  warn: 'bg-warn-soft',
  bad: 'bg-bad-soft',
}

interface BannerProps {
  tone?: Tone
  icon: ReactNode
  children: ReactNode
  actions?: ReactNode
  /** Errors are read out at once. */
  alert?: boolean
}

/** One line and one action at the top of the pane it concerns. */
export function Banner({ tone = 'plain', icon, children, actions, alert = false }: BannerProps) {
  return (
    <div
      role={alert ? 'alert' : 'status'}
      className={cx(
        'enter mx-4 mt-3 mb-2 flex min-h-9 flex-none items-center gap-2 rounded-3 py-1.5 ps-3 pe-1.5 text-12',
        tones[tone],
      )}
    >
      <span className="grid flex-none place-items-center">{icon}</span>
      <div className="flex min-w-0 flex-1 items-center gap-3">{children}</div>
      {actions}
    </div>
  )
}
