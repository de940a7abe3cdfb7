import { useRef, type KeyboardEvent } from 'react'
import { cx } from '../../lib/cx'

export interface Choice<T extends string> {
  value: T
  label: string
  /** Shown behind the label when not null. */
  count?: number | null
}

interface SegmentedProps<T extends string> {
  label: string
  choices: readonly Choice<T>[]
  value: T
  onChange: (value: T) => void
  /** As wide as its place, choices equally wide. */
  fill?: boolean
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }

/** Up to four choices as radio buttons: one tab stop, arrows choose. */
export function Segmented<T extends string>({ label, choices, value, onChange, fill = false }: SegmentedProps<T>) {
  const group = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    const at = choices.findIndex((choice) => choice.value === value)
    const index = (at + step + choices.length) % choices.length
    const next = choices[index]
    if (next === undefined) return
    onChange(next.value)
    group.current?.querySelectorAll<HTMLButtonElement>('[role=radio]')[index]?.focus()
  }
  return (
    <div
      ref={group}
      role="radiogroup"
      aria-label={label}
      className={cx('h-7 gap-px rounded-[7px] bg-track p-0.5', fill ? 'flex' : 'inline-flex flex-none')}
    >
      {choices.map((choice) => {
        const chosen = choice.value === value
        return (
          <button
            key={choice.value}
            type="button"
            role="radio"
            aria-checked={chosen}
            tabIndex={chosen ? 0 : -1}
            onClick={() => onChange(choice.value)}
            onKeyDown={onKeyDown}
            className={cx(
              'inline-flex h-6 items-center gap-[5px] rounded-[5px] text-12 font-medium whitespace-nowrap',
              fill ? 'flex-1 justify-center px-1' : 'px-2.5',
              chosen
                ? 'bg-raised text-ink shadow-[0_0_0_0.5px_var(--k-line-2),var(--k-shadow-1)]'
                : 'text-ink-2 fine:hover:text-ink',
            )}
          >
            {choice.label}
            {choice.count == null ? null : <span className="num font-normal text-ink-3">{choice.count}</span>}
          </button>
        )
      })}
    </div>
  )
}
