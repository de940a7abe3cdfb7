import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check, Minus } from 'lucide-react'

interface CheckboxProps {
  label: string
  checked: boolean
  /** Some of several. */
  mixed?: boolean
  onChange: (checked: boolean) => void
}

export function Checkbox({ label, checked, mixed = false, onChange }: CheckboxProps) {
  return (
    <Base.Root
      aria-label={label}
      checked={checked}
      indeterminate={mixed}
      onCheckedChange={onChange}
      className="grid size-4 flex-none place-items-center rounded-1 text-on-accent shadow-[inset_0_0_0_1px_var(--k-edge)] data-checked:bg-accent data-checked:shadow-none data-indeterminate:bg-accent data-indeterminate:shadow-none"
    >
      <Base.Indicator>
        {mixed ? (
          <Minus size={12} strokeWidth={2.5} aria-hidden="true" />
        ) : (
          <Check size={12} strokeWidth={2.5} aria-hidden="true" />
        )}
      </Base.Indicator>
    </Base.Root>
  )
}
