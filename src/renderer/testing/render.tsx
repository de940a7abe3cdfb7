import { render, type RenderResult } from '@testing-library/react'
import type { ReactElement } from 'react'
import { WindowContext } from '../app/context'
import { createWindow, type WindowApp } from '../app/create-window'
import { TipProvider } from '../components/ui/Tip'
import { en } from '../lib/messages/en'

/** A window that never connects: its stores are what a test puts into them. */
export function aWindow(): WindowApp {
  return createWindow({
    openLink: () => new Promise(() => undefined),
    onRefused: () => undefined,
    host: { isApp: false, isMac: true },
    messages: en,
    localeOf: () => 'en-GB',
    memory: { read: () => null, write: () => undefined, clear: () => undefined },
  })
}

export function renderIn(app: WindowApp, element: ReactElement): RenderResult {
  return render(
    <WindowContext value={app}>
      <TipProvider>{element}</TipProvider>
    </WindowContext>,
  )
}
