import type { ElectronApplication, Page } from '@playwright/test'

/** A machine of its own for one test: home, data folder, caches and settings lie in it. */
export interface Home {
  folder: string
  data: string
  env: Record<string, string>
}

/** A running interface, in a browser or in the app. */
export interface Session {
  page: Page
  /** The Electron application; null in a browser. */
  app: ElectronApplication | null
  /** The process that owns the data folder as this driver started it. */
  pid: number
  resize: (width: number, height: number) => Promise<void>
  close: () => Promise<void>
}

/** Starts the interface; the same stories run on each. */
export interface Driver {
  name: 'web' | 'electron'
  start: (home: Home, onPage: (page: Page) => void) => Promise<Session>
}

export const SIZE = { width: 1280, height: 800 }
