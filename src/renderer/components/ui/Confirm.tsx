import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useRef, type ReactNode } from 'react'
import { Button } from './Button'

interface ConfirmProps {
  open: boolean
  onClose: () => void
  title: string
  children: ReactNode
  cancel: string
  /** Repeats what will happen. */
  action: string
  onAct: () => void
  busy?: boolean
}

/** A question before something that others notice. Cancel has the focus, and Esc means it. */
export function Confirm({ open, onClose, title, children, cancel, action, onAct, busy = false }: ConfirmProps) {
  const first = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-50 bg-scrim" />
        <AlertDialog.Popup
          initialFocus={first}
          className="enter fixed top-[18vh] left-1/2 z-50 grid w-[440px] max-w-[calc(100vw-32px)] -translate-x-1/2 gap-3 rounded-4 bg-raised p-4 shadow-3 outline-none"
        >
          <AlertDialog.Title className="text-15 font-semibold tracking-[-0.01em] text-balance [overflow-wrap:anywhere]">
            {title}
          </AlertDialog.Title>
          <AlertDialog.Description render={<div />} className="grid gap-2 text-ink-2">
            {children}
          </AlertDialog.Description>
          <div className="mt-1 flex flex-wrap justify-end gap-2">
            <Button ref={first} size="l" onClick={onClose}>
              {cancel}
            </Button>
            <Button size="l" kind="danger" busy={busy} onClick={onAct}>
              {action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
