import { StrictMode, useEffect, useMemo } from 'react'
import { useStore } from 'zustand'
import { WindowContext } from '../app/context'
import type { WindowApp } from '../app/create-window'
import { Shell } from '../app/Shell'
import { Announcer } from '../components/ui/Announcer'
import { TipProvider } from '../components/ui/Tip'

const TIP_DELAY_MS = 500

/** The one window of the app, and the page in a browser. */
export function MainWindow({ app }: { app: WindowApp }) {
  const { t, format } = useStore(app.speech)
  const theme = useStore(app.stores.settings, (state) => state.appearance.theme)
  const spoken = useMemo(() => ({ ...app, t, format }), [app, t, format])
  useEffect(() => {
    const root = document.documentElement
    root.lang = t.locale
    if (theme === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = theme
  }, [t, theme])
  return (
    <StrictMode>
      <WindowContext value={spoken}>
        <TipProvider delay={TIP_DELAY_MS}>
          <Announcer>
            <Shell />
          </Announcer>
        </TipProvider>
      </WindowContext>
    </StrictMode>
  )
}
