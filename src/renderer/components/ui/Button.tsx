import type { ComponentProps, ReactNode } from 'react'
import { cx } from '../../lib/cx'
import { Ring } from './Ring'
import { Tip } from './Tip'

type Kind = 'plain' | 'primary' | 'soft' | 'ghost' | 'link' | 'danger'
type Size = 's' | 'm' | 'l'

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'type' | 'disabled'> {
  kind?: Kind
  size?: Size
  icon?: ReactNode
  /** The ring takes the icon's place; the button keeps its width. */
  busy?: boolean
  /** Off, and why: the reason is the tooltip. The button stays in the tab order so that it can be read. */
  off?: string | false
}

const kinds: Record<Kind, string> = {
  plain:
    'bg-raised shadow-[inset_0_0_0_1px_var(--k-line-2),var(--k-shadow-1)] fine:hover:bg-[image:linear-gradient(var(--k-hover),var(--k-hover))] active:bg-[image:linear-gradient(var(--k-press),var(--k-press))]',
  primary: 'bg-accent text-on-accent shadow-1 fine:hover:bg-accent-hi active:bg-accent-hi',
  danger: 'bg-bad text-on-accent shadow-1 fine:hover:brightness-95 active:brightness-90',
  soft: 'bg-track text-accent-ink fine:hover:bg-press active:bg-press',
  link: 'text-accent-ink fine:hover:bg-hover active:bg-press',
  ghost: 'text-ink-2 fine:hover:bg-hover fine:hover:text-ink active:bg-press',
}

const sizes: Record<Size, string> = {
  s: 'h-6 px-[9px] text-12',
  m: 'h-7 px-[11px] text-13',
  l: 'h-8 px-3.5 text-13',
}

const base =
  'inline-flex flex-none items-center justify-center gap-1.5 rounded-2 font-medium whitespace-nowrap transition-colors duration-(--k-fast)'

export function Button({
  kind = 'plain',
  size = 'm',
  icon,
  busy = false,
  off = false,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  const isOff = off !== false
  const button = (
    <button
      type="button"
      {...rest}
      aria-disabled={isOff || busy || undefined}
      aria-busy={busy || undefined}
      onClick={isOff || busy ? undefined : onClick}
      className={cx(base, sizes[size], isOff ? 'text-ink-off shadow-[inset_0_0_0_1px_var(--k-line)]' : kinds[kind], className)}
    >
      {busy ? <Ring size={12} className="-ms-0.5" /> : icon}
      {children}
    </button>
  )
  return isOff && off !== '' ? <Tip label={off}>{button}</Tip> : button
}

export interface IconButtonProps extends Omit<ButtonProps, 'icon' | 'children' | 'busy'> {
  /** Read out and shown as the tooltip. */
  label: string
  shortcut?: string
  children: ReactNode
}

const squares: Record<Size, string> = { s: 'size-6', m: 'size-7', l: 'size-8' }

export function IconButton({
  label,
  shortcut,
  kind = 'ghost',
  size = 'm',
  off = false,
  className,
  children,
  onClick,
  ...rest
}: IconButtonProps) {
  const isOff = off !== false
  return (
    <Tip label={isOff && off !== '' ? off : label} shortcut={shortcut}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        aria-disabled={isOff || undefined}
        onClick={isOff ? undefined : onClick}
        className={cx(
          base,
          squares[size],
          isOff ? cx('text-ink-off', kind !== 'ghost' && 'shadow-[inset_0_0_0_1px_var(--k-line)]') : kinds[kind],
          className,
        )}
      >
        {children}
      </button>
    </Tip>
  )
}
