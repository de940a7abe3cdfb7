import { Search, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { cx } from '../../lib/cx'
import { Kbd } from './Kbd'

interface SearchFieldProps {
  label: string
  clearLabel: string
  /** Null where there is no room for it. */
  shortcut: string | null
  value: string
  onChange: (value: string) => void
  /** Esc on the empty field, or ↓: back to where the search belongs. */
  onLeave: () => void
  /** Takes the focus when this is not 0, then calls `onFocused`. */
  focusTurn: number
  onFocused: () => void
  className?: string
}

export function SearchField({
  label,
  clearLabel,
  shortcut,
  value,
  onChange,
  onLeave,
  focusTurn,
  onFocused,
  className,
}: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (focusTurn === 0) return
    input.current?.select()
    onFocused()
  }, [focusTurn, onFocused])
  return (
    <div
      className={cx(
        'flex h-7 min-w-0 items-center gap-[7px] rounded-2 bg-field px-2 text-ink-3 shadow-[inset_0_0_0_1px_var(--k-line-2)]',
        'focus-within:bg-window focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-ring',
        className,
      )}
    >
      <Search size={14} aria-hidden="true" className="flex-none" />
      <input
        ref={input}
        type="text"
        role="searchbox"
        aria-label={label}
        placeholder={label}
        value={value}
        spellCheck={false}
        autoComplete="off"
        dir="auto"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') onChange('')
          else if (event.key === 'Escape' || event.key === 'ArrowDown') onLeave()
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
        className="w-full min-w-0 bg-transparent text-ink outline-none"
      />
      {value === '' ? (
        shortcut === null ? null : (
          <Kbd>{shortcut}</Kbd>
        )
      ) : (
        <button
          type="button"
          aria-label={clearLabel}
          title={clearLabel}
          onClick={() => onChange('')}
          className="-me-1 grid size-6 flex-none place-items-center rounded-2 text-ink-3 fine:hover:bg-hover fine:hover:text-ink"
        >
          <X size={14} aria-hidden="true" />
        </button>
      )}
    </div>
  )
}
