import { BrowserWindow, Menu, nativeImage, screen, Tray, type MenuItemConstructorOptions } from 'electron'
import { join } from 'node:path'
import type { Platform } from '../core/system'
import { tooltip, trayIcon, type TrayIcon } from './status'
import type { ShellView } from './owner'

/** At most one change a second: a menu-bar icon must not blink (design.md §9). */
const MIN_INTERVAL_MS = 1_000

export interface TrayDeps {
  os: Platform['os']
  /** Folder of the drawings. */
  icons: string
  buildMenu: (view: ShellView) => MenuItemConstructorOptions[]
}

export interface TrayFace {
  show: (view: ShellView) => void
  destroy: () => void
}

/** macOS tints template images itself; a Linux panel may be dark or light and gets a colour that can be read on both. */
export const iconFile = (icons: string, icon: TrayIcon, os: Platform['os']): string =>
  join(icons, 'tray', `${icon}${os === 'darwin' ? 'Template' : ''}.png`)

/** What the menu shows, to leave it alone when nothing of that has changed. */
const fingerprint = (template: readonly MenuItemConstructorOptions[]): string => JSON.stringify(template)

/** Opens a menu where the pointer is. A menu needs a window to belong to, and the app may have none: this one lives as long as the menu. */
function popUpAtCursor(menu: Menu): void {
  const point = screen.getCursorScreenPoint()
  const anchor = new BrowserWindow({
    ...point,
    width: 1,
    height: 1,
    frame: false,
    transparent: true,
    skipTaskbar: true,
    focusable: false,
  })
  menu.popup({ window: anchor, x: 0, y: 0, callback: () => anchor.destroy() })
}

/** The icon with its menu. Click and right-click both open it. */
export function createTray({ os, icons, buildMenu }: TrayDeps): TrayFace {
  let shown = { icon: '', tip: '', menu: '' }
  let latest: ShellView = { state: null, models: [], problem: null }
  let isOpen = false
  let menu: Menu | null = null
  let timer: NodeJS.Timeout | null = null

  const image = (icon: TrayIcon): Electron.NativeImage => {
    const loaded = nativeImage.createFromPath(iconFile(icons, icon, os))
    if (os === 'darwin') loaded.setTemplateImage(true)
    return loaded
  }
  const tray = new Tray(image('starting'))
  tray.setIgnoreDoubleClickEvents(true)

  const apply = (): void => {
    const icon = trayIcon(latest.state, latest.problem)
    const tip = tooltip(latest.state, latest.problem)
    if (icon !== shown.icon) tray.setImage(image(icon))
    if (tip !== shown.tip) tray.setToolTip(tip)
    shown = { ...shown, icon, tip }
    // macOS would close a menu that is open: it keeps what it shows and is made anew when it closes.
    if (isOpen && os === 'darwin') return
    const template = buildMenu(latest)
    const print = fingerprint(template)
    if (print === shown.menu) return
    shown.menu = print
    const built = Menu.buildFromTemplate(template)
    built.on('menu-will-show', () => {
      isOpen = true
    })
    built.on('menu-will-close', () => {
      isOpen = false
      schedule()
    })
    tray.setContextMenu(built)
    menu = built
  }

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = null
      apply()
    }, MIN_INTERVAL_MS)
  }

  // macOS opens the context menu on either button by itself; a Linux panel sends the left one to us.
  if (os === 'linux')
    tray.on('click', () => {
      if (menu !== null) popUpAtCursor(menu)
    })

  apply()
  return {
    show: (view) => {
      const isFirst = latest.state === null && view.state !== null
      latest = view
      if (isFirst) apply()
      else schedule()
    },
    destroy: () => {
      if (timer !== null) clearTimeout(timer)
      tray.destroy()
    },
  }
}
