import type { MenuItemConstructorOptions } from 'electron'
import type { Platform } from '../core/system'

export interface AppMenuOptions {
  os: Platform['os']
  isPackaged: boolean
}

/**
 * The menu bar. On macOS the Edit menu is what makes ⌘C and ⌘V work at all. Keys that the window itself listens to are not
 * registered here, or it would never see them; ⌘R stays free for the window ("regenerate").
 */
export function buildAppMenu({ os, isPackaged }: AppMenuOptions): MenuItemConstructorOptions[] {
  const developer: MenuItemConstructorOptions[] = isPackaged ? [] : [{ type: 'separator' }, { role: 'toggleDevTools' }]
  const view: MenuItemConstructorOptions = {
    label: 'View',
    submenu: [
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      ...developer,
    ],
  }
  const mac: MenuItemConstructorOptions[] = os === 'darwin' ? [{ role: 'appMenu' }] : []
  const file: MenuItemConstructorOptions =
    os === 'darwin'
      ? { role: 'fileMenu' }
      : { label: 'File', submenu: [{ role: 'close' }, { role: 'quit', label: 'Quit MLX Knife' }] }
  return [...mac, file, { role: 'editMenu' }, view, { role: 'windowMenu' }]
}
