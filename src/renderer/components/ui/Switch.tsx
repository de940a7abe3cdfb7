import { Switch as Base } from '@base-ui/react/switch'
import { cx } from '../../lib/cx'

interface SwitchProps {
  /** Id of what names it. */
  labelledBy: string
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean
}

export function Switch({ labelledBy, checked, onChange, disabled = false }: SwitchProps) {
  return (
    <Base.Root
      aria-labelledby={labelledBy}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      className={cx(
        'relative inline-flex h-6 w-9 flex-none items-center rounded-full p-[3px] transition-colors duration-(--k-fast)',
        'bg-edge data-checked:bg-accent data-disabled:opacity-50',
      )}
    >
      <Base.Thumb className="size-[18px] rounded-full bg-on-accent shadow-1 transition-transform duration-(--k-fast) data-checked:translate-x-3" />
    </Base.Root>
  )
}
