import { cx } from '../../lib/cx'

export interface MeterProps {
  /** 0…1; null while it is not known: the track alone. */
  value: number | null
  label: string
  /** `idle`: it has come so far, and rests. */
  tone?: 'normal' | 'idle' | 'warn' | 'bad'
  /** Work that runs, or a level. */
  kind?: 'progress' | 'level'
  className?: string
}

const tones = { normal: 'bg-data-1', idle: 'bg-data-5', warn: 'bg-warn', bad: 'bg-bad' }

export function Meter({ value, label, tone = 'normal', kind = 'progress', className }: MeterProps) {
  const percent = value === null ? null : Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div
      data-meter
      role={kind === 'level' ? 'meter' : 'progressbar'}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { 'aria-valuenow': percent })}
      className={cx('h-1.5 overflow-hidden rounded-[3px] bg-track', className)}
    >
      <div
        className={cx('h-full transition-[width] duration-(--k-slow) ease-linear', tones[tone])}
        style={{ width: `${percent ?? 0}%` }}
      />
    </div>
  )
}
