import { BrowserWindow, nativeTheme, screen, type BrowserWindowConstructorOptions } from 'electron'
import { join } from 'node:path'
import { COMMAND_MESSAGE, type MenuCommand } from '../../shared/bridge'
import type { Platform } from '../core/system'
import type { DockPolicy } from './dock'
import { ORIGIN } from './protocol'
import { fitToDisplays, MIN_SIZE, readWindowState, writeWindowState, type WindowState } from './window-state'

export interface WindowsDeps {
  os: Platform['os']
  /** Built preload script. */
  preload: string
  /** Remembers size and place. */
  stateFile: string
  /** The window's icon on Linux. */
  icon: string
  isPackaged: boolean
  dock: DockPolicy
}

export interface Windows {
  /** Shows the main window, making it when there is none, and runs a command of its page. */
  open: (command?: MenuCommand) => void
  /** Ids of the web contents of our windows; the port server trusts no others. */
  contents: ReadonlySet<number>
}

/** The frame of the main window; what is in it, and how it is shut in, is the same everywhere. */
export function windowOptions(
  { os, preload, icon, isPackaged }: Pick<WindowsDeps, 'os' | 'preload' | 'icon' | 'isPackaged'>,
  { width, height, x, y }: WindowState,
  isDark: boolean,
): BrowserWindowConstructorOptions {
  return {
    width,
    height,
    ...(x === undefined || y === undefined ? {} : { x, y }),
    minWidth: MIN_SIZE.width,
    minHeight: MIN_SIZE.height,
    show: false,
    title: 'MLX Knife',
    // The colour of the page's own background: no white flash in the dark.
    backgroundColor: isDark ? '#17191d' : '#ffffff',
    autoHideMenuBar: true,
    ...(os === 'darwin' ? { titleBarStyle: 'hiddenInset' as const, trafficLightPosition: { x: 20, y: 20 } } : { icon }),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      devTools: !isPackaged,
    },
  }
}

/** After a crash of its page a window loads it again; a page that keeps crashing is left as it is. */
const MAX_RELOADS = 3

export function createWindows(deps: WindowsDeps): Windows {
  const contents = new Set<number>()
  let main: BrowserWindow | null = null
  let isLoaded = false
  let pending: MenuCommand | null = null

  const send = (window: BrowserWindow, command: MenuCommand): void => window.webContents.send(COMMAND_MESSAGE, command)

  const remember = (window: BrowserWindow): void => {
    writeWindowState(deps.stateFile, { ...window.getNormalBounds(), maximized: window.isMaximized() })
  }

  const create = (): BrowserWindow => {
    const workAreas = screen.getAllDisplays().map((display) => display.workArea)
    const state = fitToDisplays(readWindowState(deps.stateFile), workAreas)
    const window = new BrowserWindow(windowOptions(deps, state, nativeTheme.shouldUseDarkColors))
    const { id } = window.webContents
    contents.add(id)
    deps.dock.opened()
    if (state.maximized) window.maximize()
    window.once('ready-to-show', () => window.show())
    window.on('close', () => remember(window))
    window.on('closed', () => {
      contents.delete(id)
      main = null
      deps.dock.closed()
    })
    window.webContents.on('did-finish-load', () => {
      isLoaded = true
      if (pending !== null) send(window, pending)
      pending = null
    })
    let reloads = 0
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit' && reloads++ < MAX_RELOADS) window.webContents.reload()
    })
    isLoaded = false
    void window.loadURL(`${ORIGIN}/index.html`).catch(() => undefined)
    return window
  }

  return {
    contents,
    open: (command) => {
      const isNew = main === null
      main ??= create()
      if (!isNew) {
        if (main.isMinimized()) main.restore()
        main.show()
        main.focus()
      }
      if (command === undefined) return
      if (isLoaded) send(main, command)
      else pending = command
    },
  }
}

/** Where the built preload lies, from the folder of the built main files. */
export const preloadPath = (outMain: string): string => join(outMain, '..', 'preload', 'index.cjs')
