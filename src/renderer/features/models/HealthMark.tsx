import { Asterisk, Check, CircleDashed, OctagonAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useWindow } from '../../app/context'
import { cx } from '../../lib/cx'
import type { HealthState } from './model'

const tones: Record<HealthState, string> = {
  healthy: 'text-ink-3',
  cannot_run: 'text-ink-3',
  repair: 'text-warn-ink',
  unhealthy: 'text-bad-ink',
}

const icon = { size: 14, 'aria-hidden': true } as const

const shapes: Record<HealthState, ReactNode> = {
  healthy: <Check {...icon} />,
  repair: <TriangleAlert {...icon} />,
  unhealthy: <OctagonAlert {...icon} />,
  cannot_run: (
    <span className="grid place-items-center *:col-start-1 *:row-start-1">
      <CircleDashed {...icon} />
      <Asterisk size={8} strokeWidth={3} aria-hidden="true" />
    </span>
  ),
}

/** The state of a model by its shape, with its word for screen readers. */
export function HealthMark({ state, withWord = true }: { state: HealthState; withWord?: boolean }) {
  const { t } = useWindow()
  return (
    <span className={cx('grid place-items-center', tones[state])} title={t.models.state[state]}>
      {shapes[state]}
      {withWord ? <span className="sr-only">{t.models.state[state]}</span> : null}
    </span>
  )
}
