import { useEffect } from 'react'
import { COMMAND_MESSAGE } from '../../shared/bridge'
import { runCommand } from './commands'
import type { WindowApp } from './create-window'
import { findCommand } from './shortcuts'

const REGIONS = ['sidebar', 'toolbar', 'list', 'detail'] as const
const FOCUSABLE = 'button:not([tabindex="-1"]), input, textarea, [tabindex="0"]'

/** F6 and ⇧F6: from part to part of the window. */
function moveRegion(step: 1 | -1): void {
  const present = REGIONS.map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`)).filter(
    (region) => region !== null,
  )
  const at = present.findIndex((region) => region.contains(document.activeElement))
  const next = present[(at + step + present.length) % present.length]
  const rows = next?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')
  ;(rows ?? next?.querySelector<HTMLElement>(FOCUSABLE))?.focus()
}

/** The keys of the whole window. What a component handles itself does not come here. */
export function useShortcuts(app: WindowApp): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return
      if (event.key === 'F6') {
        event.preventDefault()
        moveRegion(event.shiftKey ? -1 : 1)
        return
      }
      if (event.key === 'Escape') {
        // It closes what is open first.
        if (document.querySelector('[data-popup-open], [role="dialog"], [role="alertdialog"]') !== null) return
        if (app.stores.chat.getState().draft !== null && app.stores.view.getState().view === 'chat') app.chat.stop()
        else if (app.stores.view.getState().detailOpen) app.view.openDetail(false)
        return
      }
      // A question is answered before anything else is done.
      if (document.querySelector('[role="alertdialog"]') !== null) return
      const command = findCommand(event, app.host)
      if (command === null || !runCommand(app, command)) return
      event.preventDefault()
      if (command !== 'palette') app.view.openPalette(false)
    }
    // The app's own menus ask the same things.
    const onMessage = (event: MessageEvent): void => {
      if (event.source !== window) return
      if (event.data === `${COMMAND_MESSAGE}:models`) runCommand(app, 'models')
      if (event.data === `${COMMAND_MESSAGE}:new_chat`) runCommand(app, 'new_chat')
    }
    window.addEventListener('keydown', onKeyDown)
    window.addEventListener('message', onMessage)
    return () => {
      window.removeEventListener('keydown', onKeyDown)
      window.removeEventListener('message', onMessage)
    }
  }, [app])
}
