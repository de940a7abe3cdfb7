import { Tooltip } from '@base-ui/react/tooltip'
import { createContext, useContext, useMemo, useState, type ReactElement, type ReactNode } from 'react'

interface Words {
  label: string
  shortcut: string | undefined
}

type Handle = ReturnType<typeof Tooltip.createHandle<Words>>
const TipContext = createContext<Handle | null>(null)

/** A tooltip at an element that can have the focus. There is one for the whole window: a long conversation has thousands of such elements. */
export function Tip({ label, shortcut, children }: { label: string; shortcut?: string | undefined; children: ReactElement }) {
  const handle = useContext(TipContext)
  const payload = useMemo(() => ({ label, shortcut }), [label, shortcut])
  return handle === null ? children : <Tooltip.Trigger handle={handle} payload={payload} render={children} />
}

/** Gives its content the tooltip. @param delay milliseconds of rest until one shows */
export function TipProvider({ delay, children }: { delay?: number; children: ReactNode }) {
  const [handle] = useState(() => Tooltip.createHandle<Words>())
  return (
    <Tooltip.Provider {...(delay === undefined ? {} : { delay })}>
      <TipContext value={handle}>{children}</TipContext>
      <Tooltip.Root handle={handle}>
        {({ payload }) =>
          payload === undefined ? null : (
            <Tooltip.Portal>
              <Tooltip.Positioner sideOffset={6} className="z-50">
                <Tooltip.Popup className="enter max-w-72 rounded-2 bg-raised px-2 py-1 text-12 text-ink shadow-2">
                  {payload.label}
                  {payload.shortcut === undefined ? null : <span className="ms-2 text-ink-3">{payload.shortcut}</span>}
                </Tooltip.Popup>
              </Tooltip.Positioner>
            </Tooltip.Portal>
          )
        }
      </Tooltip.Root>
    </Tooltip.Provider>
  )
}
