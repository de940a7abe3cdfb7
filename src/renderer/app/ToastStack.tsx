import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { useAnnounce } from '../components/ui/Announcer'
import { Button, IconButton } from '../components/ui/Button'
import { useWindow } from './context'
import type { ToastMessage } from './toasts'

const SHOWN_MS = 6_000

function OneToast({ toast, held }: { toast: ToastMessage; held: boolean }) {
  const { t, toasts } = useWindow()
  const announce = useAnnounce()
  useEffect(() => announce(toast.text), [announce, toast.text])
  useEffect(() => {
    if (held) return undefined
    const timer = setTimeout(() => toasts.end(toast.id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [held, toast.id, toasts])
  const { action } = toast
  return (
    <div className="enter flex h-10 max-w-[min(28rem,calc(100vw-2.5rem))] items-center gap-2.5 rounded-3 bg-raised ps-3.5 pe-1.5 shadow-2">
      <span dir="auto" className="num min-w-0 flex-1 truncate" title={toast.text}>
        {toast.text}
      </span>
      {action === null ? null : (
        <Button
          size="s"
          kind="link"
          onClick={() => {
            action.act()
            toasts.end(toast.id)
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton label={t.common.dismiss} size="s" onClick={() => toasts.end(toast.id)}>
        <X size={14} aria-hidden="true" />
      </IconButton>
    </div>
  )
}

/** Bottom right, newest below; all of them wait while one is pointed at or has the focus. */
export function ToastStack() {
  const { t, toasts } = useWindow()
  const shown = useStore(toasts.store, (state) => state.shown)
  const [held, setHeld] = useState(false)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it only waits while it is looked at
    <div
      role="region"
      aria-label={t.app.toasts}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="fixed end-5 bottom-5 z-50 grid justify-items-end gap-2"
    >
      {shown.map((toast) => (
        <OneToast key={toast.id} toast={toast} held={held} />
      ))}
    </div>
  )
}
