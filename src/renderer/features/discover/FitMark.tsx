import { Ban, CircleCheck, CircleDashed, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Fit } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { cx } from '../../lib/cx'

const icon = { size: 14, 'aria-hidden': true } as const
const shapes: Record<Fit['verdict'], ReactNode> = {
  runs: <CircleCheck {...icon} className="text-ok-ink" />,
  runs_short: <TriangleAlert {...icon} className="text-warn-ink" />,
  too_large: <Ban {...icon} className="text-ink-3" />,
  cannot_run: <Ban {...icon} className="text-ink-3" />,
  unknown: <CircleDashed {...icon} className="text-ink-3" />,
}

export const fitShape = (verdict: Fit['verdict']): ReactNode => shapes[verdict]

/** Whether it runs here: shape, word, and the figure behind it. */
export function FitMark({ fit }: { fit: Fit }) {
  const { t, format } = useWindow()
  const words = t.discover
  const { verdict, context_tokens: tokens, needed_bytes: needed } = fit
  const more = (): string => {
    if (verdict === 'runs' && tokens !== null) return words.context(format.tokens(tokens))
    if (verdict === 'runs_short' && tokens !== null) return words.upTo(format.tokens(tokens))
    if (verdict === 'too_large' && needed !== null) return words.needs(format.memory(needed))
    return verdict === 'cannot_run' ? words.engineCannot : words.notKnown
  }
  return (
    <span className="grid grid-cols-[14px_minmax(0,1fr)] gap-x-1.5" title={fit.reason ?? undefined}>
      {shapes[verdict]}
      <span className={cx('leading-[15px]', verdict === 'runs_short' && 'text-warn-ink')}>{words.fit[verdict]}</span>
      <span className="num col-start-2 truncate text-11 text-ink-3">{more()}</span>
    </span>
  )
}
