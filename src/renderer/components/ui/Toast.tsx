import { useEffect, useState, type ReactNode } from 'react'

const SHOWN_MS = 6_000

interface ToastProps {
  children: ReactNode
  action: ReactNode
  onEnd: () => void
}

/** Bottom right, one line, one action, 6 s; waits while it is pointed at or has the focus. */
export function Toast({ children, action, onEnd }: ToastProps) {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return undefined
    const timer = setTimeout(onEnd, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [held, onEnd])
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it only waits while it is looked at
    <div
      role="status"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="enter fixed end-5 bottom-5 z-40 flex h-10 items-center gap-2.5 rounded-3 bg-raised ps-3.5 pe-1.5 shadow-2"
    >
      {children}
      {action}
    </div>
  )
}
