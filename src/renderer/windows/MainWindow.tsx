import { StrictMode } from 'react'
import { WindowContext } from '../app/context'
import type { WindowApp } from '../app/create-window'
import { Shell } from '../app/Shell'
import { Announcer } from '../components/ui/Announcer'
import { TipProvider } from '../components/ui/Tip'

const TIP_DELAY_MS = 500

/** The one window of the app, and the page in a browser. */
export function MainWindow({ app }: { app: WindowApp }) {
  return (
    <StrictMode>
      <WindowContext value={app}>
        <TipProvider delay={TIP_DELAY_MS}>
          <Announcer>
            <Shell />
          </Announcer>
        </TipProvider>
      </WindowContext>
    </StrictMode>
  )
}
