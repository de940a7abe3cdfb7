import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useRef, type ReactNode } from 'react'

interface SheetProps {
  open: boolean
  /** Esc, or a click on what lies behind. Refused by doing nothing. */
  onClose: () => void
  title: string
  text?: ReactNode
  children?: ReactNode
  /** Left in the foot. */
  aside?: ReactNode
  /** Right in the foot, given the ref of the button that has the focus at first. */
  actions: (first: React.RefObject<HTMLButtonElement | null>) => ReactNode
  /** ⌘⌫ does what the last button says. */
  onAct?: (() => void) | undefined
}

/** A question about what happens next, over the window: title, what it means, what goes, Cancel and the act. */
export function Sheet({ open, onClose, title, text, children, aside, actions, onAct }: SheetProps) {
  const first = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <AlertDialog.Popup
          initialFocus={first}
          onKeyDown={(event) => {
            if (event.key !== 'Backspace' || !(event.metaKey || event.ctrlKey) || onAct === undefined) return
            event.preventDefault()
            onAct()
          }}
          className="enter fixed top-16 left-1/2 z-40 flex max-h-[calc(100vh-5rem)] w-[min(560px,calc(100vw-2rem))] -translate-x-1/2 flex-col rounded-4 bg-raised px-5 pt-[18px] pb-5 shadow-3 outline-none"
        >
          <AlertDialog.Title className="text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]" dir="auto">
            {title}
          </AlertDialog.Title>
          {text === undefined ? null : (
            <AlertDialog.Description render={<div />} className="mt-1.5 text-ink-2 text-pretty">
              {text}
            </AlertDialog.Description>
          )}
          <div className="-mx-5 mt-4 min-h-0 flex-1 overflow-y-auto px-5">{children}</div>
          <div className="mt-4 flex flex-none items-center justify-end gap-2">
            {aside}
            <span className="flex-1" />
            {actions(first)}
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
