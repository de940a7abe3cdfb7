import type { App } from 'electron'
import type { Platform } from '../core/system'

/** Shows the app in the Dock while a window is open, and takes it out with the last one. macOS only; elsewhere it does nothing. */
export interface DockPolicy {
  opened: () => void
  closed: () => void
}

export function createDockPolicy(app: Pick<App, 'setActivationPolicy'>, os: Platform['os']): DockPolicy {
  let windows = 0
  // The policy, not dock.hide(): hiding flickers and is not reliable on newer systems.
  const apply = (): void => {
    if (os === 'darwin') app.setActivationPolicy(windows > 0 ? 'regular' : 'accessory')
  }
  apply()
  return {
    opened: () => {
      windows += 1
      if (windows === 1) apply()
    },
    closed: () => {
      windows = Math.max(0, windows - 1)
      if (windows === 0) apply()
    },
  }
}
