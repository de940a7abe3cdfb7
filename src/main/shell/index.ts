/**
 * The Electron shell: tray, windows, protocol, hardening and ports around the same core that the daemon hosts. With src/main/index.ts
 * and src/preload the only code that may import electron. It is a client of the contract like every other, also of its own process.
 */
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  protocol,
  safeStorage,
  session,
  shell,
} from 'electron'
import { join } from 'node:path'
import { AppError } from '../../shared/errors'
import { currentPlatform, dataPaths, findLayout, type Env } from '../core/system'
import { createTrayActions } from './actions'
import { buildAppMenu } from './app-menu'
import { createDockPolicy } from './dock'
import { createPortServer } from './ipc'
import { createKeychain } from './keychain'
import { openOwner } from './open-owner'
import { createOwnerWatch, pause } from './owner'
import { createAssetHandler, SCHEME, SCHEME_PRIVILEGES } from './protocol'
import { createQuitting, quitQuestion, type QuitAnswer } from './quit'
import { hardenContents, hardenSession } from './security'
import { serveReveal } from './reveal'
import { answers } from './status'
import { createTray } from './tray'
import { buildTrayMenu } from './tray-menu'
import { createWindows, preloadPath, type Windows } from './windows'

async function askToQuit(count: number): Promise<QuitAnswer> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Quit MLX Knife?',
    detail: quitQuestion(count),
    buttons: ['Quit', 'Cancel', 'Keep Running in Background'],
    defaultId: 0,
    cancelId: 1,
  })
  return response === 0 ? 'quit' : response === 2 ? 'background' : 'cancel'
}

function notify(title: string, body: string): void {
  if (Notification.isSupported()) new Notification({ title, body }).show()
}

/** Everything that must happen before Electron is ready. Returns false when another instance of the app has taken over. */
export function prepareShell(env: Env): boolean {
  // Before the lock, which lies in this folder: one app per data folder.
  app.setPath('userData', dataPaths(env, currentPlatform(env)).electron)
  if (!app.requestSingleInstanceLock()) return false
  // Chromium cannot sandbox for root (containers); whoever says --no-sandbox knows. Our windows ask for it by themselves in any case.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  protocol.registerSchemesAsPrivileged([SCHEME_PRIVILEGES])
  // The menu bar is the app's home: closing the last window is no reason to quit.
  app.on('window-all-closed', () => undefined)
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, (link) => void shell.openExternal(link)))
  return true
}

/** Starts core, tray and window. Call after `prepareShell`. */
export async function startShell(env: Env): Promise<void> {
  const platform = currentPlatform(env)
  const paths = dataPaths(env, platform)
  const layout = findLayout(import.meta.dirname)
  const icons = join(layout.resources, 'icons')
  let windows: Windows | null = null
  const open = (command?: 'models' | 'new_chat'): void => windows?.open(command)

  app.on('second-instance', () => open())
  app.on('activate', () => open())
  await app.whenReady()

  hardenSession(session.defaultSession)
  protocol.handle(SCHEME, createAssetHandler(layout.outRenderer))
  Menu.setApplicationMenu(Menu.buildFromTemplate(buildAppMenu({ os: platform.os, isPackaged: app.isPackaged })))
  const dock = createDockPolicy(app, platform.os)
  windows = createWindows({
    os: platform.os,
    preload: preloadPath(layout.outMain),
    stateFile: join(paths.electron, 'window.json'),
    icon: join(icons, 'app.png'),
    isPackaged: app.isPackaged,
    dock,
  })
  const ports = createPortServer({ ipcMain, createChannel: () => new MessageChannelMain(), knownContents: windows.contents })
  const keychain = createKeychain(safeStorage, platform.os) ?? undefined
  const watch = createOwnerWatch({
    open: () => openOwner({ env, platform, layout, kind: 'app', scanInWorker: true, keychain }, () => quitting.now()),
    onOwner: (owner) => ports.setOwner(owner?.dispatcher ?? null),
    onView: (view) => tray.show(view),
    sleep: pause,
  })
  serveReveal({
    ipcMain,
    knownContents: windows.contents,
    folderOf: async (model) => {
      const owner = watch.current()
      if (owner === null) throw new AppError('connection_lost', 'MLX Knife is starting.')
      return (await owner.client.call('models.show', { model })).snapshot_path
    },
    show: (path) => shell.showItemInFolder(path),
  })
  const quitting = createQuitting({
    answers: () => {
      const { state } = watch.view()
      // Somebody else's answers go on without us.
      return state === null || watch.current()?.mode !== 'own' ? 0 : answers(state)
    },
    ask: askToQuit,
    goOn: () => {
      for (const window of BrowserWindow.getAllWindows()) window.close()
    },
    close: async () => {
      ports.close()
      await watch.close()
      tray.destroy()
    },
    quit: () => app.quit(),
  })
  const actions = createTrayActions({
    owner: watch.current,
    copyText: (text) => void clipboard.writeText(text),
    notify,
    open: (view) => open(view === 'last' ? undefined : view === 'chat' ? 'new_chat' : 'models'),
    quit: () => app.quit(),
  })
  const tray = createTray({ os: platform.os, icons, buildMenu: (view) => buildTrayMenu(view, actions) })
  app.on('before-quit', quitting.onBeforeQuit)
  // After ready, since Electron puts its own handlers in then.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quitting.now)
  open()
}
