import { cx } from '../../lib/cx'

/** Something runs. Always beside a word that says what. */
export function Ring({ size = 14, className }: { size?: number; className?: string }) {
  return (
    <span aria-hidden="true" className={cx('ring-spin inline-block flex-none', className)} style={{ width: size, height: size }} />
  )
}
