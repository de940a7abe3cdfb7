import type { ComponentProps } from 'react'
import { cx } from '../../lib/cx'

/** One line to type into. */
export function TextField({ className, ...rest }: ComponentProps<'input'>) {
  return (
    <input
      type="text"
      spellCheck={false}
      autoComplete="off"
      {...rest}
      className={cx(
        'h-7 min-w-0 rounded-2 bg-field px-2 text-ink shadow-[inset_0_0_0_1px_var(--k-line-2)] outline-none',
        'read-only:text-ink-2 focus:bg-window focus:outline-2 focus:-outline-offset-1 focus:outline-ring',
        'aria-invalid:shadow-[inset_0_0_0_1px_var(--k-bad)]',
        className,
      )}
    />
  )
}
