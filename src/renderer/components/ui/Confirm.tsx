import type { ReactNode, RefObject } from 'react'
import { Button } from './Button'
import { Sheet } from './Sheet'

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

/** A question with two answers before something that others notice. */
export function Confirm({ open, onClose, title, children, cancel, action, onAct, busy = false }: ConfirmProps) {
  const answers = (first: RefObject<HTMLButtonElement | null>): ReactNode => (
    <>
      <Button ref={first} onClick={onClose}>
        {cancel}
      </Button>
      <Button kind="danger" busy={busy} onClick={onAct}>
        {action}
      </Button>
    </>
  )
  return <Sheet open={open} onClose={onClose} title={title} text={<div className="grid gap-2">{children}</div>} actions={answers} />
}
