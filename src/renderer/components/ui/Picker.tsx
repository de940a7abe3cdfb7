import { Select } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'

interface PickerProps<T extends string> {
  label: string
  choices: readonly { value: T; label: string }[]
  value: T
  onChange: (value: T) => void
}

/** One of several, as a menu; its button shows the choice. */
export function Picker<T extends string>({ label, choices, value, onChange }: PickerProps<T>) {
  const chosen = choices.find((choice) => choice.value === value)
  return (
    <Select.Root value={value} onValueChange={(next) => (next === null ? undefined : onChange(next))}>
      <Select.Trigger
        aria-label={`${label}: ${chosen?.label ?? ''}`}
        title={label}
        className="flex h-7 flex-none items-center gap-1.5 rounded-2 px-2 font-medium whitespace-nowrap text-ink-2 fine:hover:bg-hover fine:hover:text-ink data-popup-open:bg-press"
      >
        {chosen?.label}
        <ChevronsUpDown size={12} aria-hidden="true" className="text-ink-3" />
      </Select.Trigger>
      {/* Inside the landmark: a screen reader that walks by landmarks finds the list. */}
      <Select.Portal container={document.querySelector('main')}>
        <Select.Positioner sideOffset={4} alignItemWithTrigger={false} align="end" className="z-50">
          <Select.Popup className="enter max-h-(--available-height) overflow-y-auto rounded-4 bg-raised p-1 shadow-3 outline-none">
            {choices.map((choice) => (
              <Select.Item
                key={choice.value}
                value={choice.value}
                label={choice.label}
                className="grid h-7 cursor-default grid-cols-[14px_auto] items-center gap-2 rounded-3 ps-2 pe-4 outline-none data-highlighted:bg-select"
              >
                <span className="grid place-items-center">
                  <Select.ItemIndicator>
                    <Check size={14} aria-hidden="true" />
                  </Select.ItemIndicator>
                </span>
                <Select.ItemText>{choice.label}</Select.ItemText>
              </Select.Item>
            ))}
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}
