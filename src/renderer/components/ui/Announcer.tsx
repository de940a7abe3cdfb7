import { createContext, useCallback, useContext, useEffect, useRef, useState, type ReactNode } from 'react'

const QUIET_MS = 5_000

type Announce = (text: string) => void

const AnnouncerContext = createContext<Announce>(() => undefined)

/** Says something to screen readers, politely. */
export const useAnnounce = (): Announce => useContext(AnnouncerContext)

/** The one polite live region: at most one message per 5 s, and of several only the last. */
export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState('')
  const state = useRef<{ lastMs: number; timer: ReturnType<typeof setTimeout> | null }>({ lastMs: 0, timer: null })

  useEffect(() => {
    const current = state.current
    return () => {
      if (current.timer !== null) clearTimeout(current.timer)
    }
  }, [])

  const announce = useCallback((next: string) => {
    const { timer, lastMs } = state.current
    if (timer !== null) clearTimeout(timer)
    const waitMs = Math.max(0, lastMs + QUIET_MS - Date.now())
    state.current.timer = setTimeout(() => {
      state.current = { lastMs: Date.now(), timer: null }
      setText(next)
    }, waitMs)
  }, [])

  return (
    <AnnouncerContext value={announce}>
      {children}
      <div role="status" aria-live="polite" className="sr-only">
        {text}
      </div>
    </AnnouncerContext>
  )
}
