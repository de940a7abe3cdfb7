import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactElement } from 'react'

/** A tooltip at an element that can have the focus. */
export function Tip({ label, shortcut, children }: { label: string; shortcut?: string | undefined; children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="enter max-w-72 rounded-2 bg-raised px-2 py-1 text-12 text-ink shadow-2">
            {label}
            {shortcut === undefined ? null : <span className="ms-2 text-ink-3">{shortcut}</span>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

export const TipProvider = Tooltip.Provider
