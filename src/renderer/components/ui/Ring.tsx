import { cx } from '../../lib/cx'

interface RingProps {
  size?: number
  /** Does not turn: for what may take long, as an answer does. Turning would draw the window sixty times a second all the while. */
  still?: boolean
  className?: string
}

/** Something runs. Always beside a word that says what. */
export function Ring({ size = 14, still = false, className }: RingProps) {
  return (
    <span
      aria-hidden="true"
      className={cx('ring-spin inline-block flex-none', still && 'animate-none!', className)}
      style={{ width: size, height: size }}
    />
  )
}
