import { expect, type ElectronApplication } from '@playwright/test'

interface TrayProbe {
  menu: Electron.Menu | null
  tooltip: string | null
}
declare global {
  var trayProbe: TrayProbe
}

/** The menu-bar menu of a running app: read and clicked as a person would. */
export interface TrayFace {
  labels: () => Promise<string[]>
  /** Labels under an entry that begins with this text. */
  labelsUnder: (label: string) => Promise<string[]>
  tooltip: () => Promise<string | null>
  /** Clicks along a path of entries, each named by how its label begins; waits until it is there. */
  click: (...path: string[]) => Promise<void>
}

export function trayOf(app: ElectronApplication): TrayFace {
  const labelsAt = (path: string[]): Promise<string[]> =>
    app.evaluate((_electron, steps) => {
      let items = globalThis.trayProbe.menu?.items ?? []
      for (const step of steps) items = items.find((item) => item.label.startsWith(step))?.submenu?.items ?? []
      return items.map((item) => (item.type === 'separator' ? '──' : item.label))
    }, path)
  return {
    labels: () => labelsAt([]),
    labelsUnder: (label) => labelsAt([label]),
    tooltip: () => app.evaluate(() => globalThis.trayProbe.tooltip),
    click: async (...path) => {
      const parents = path.slice(0, -1)
      const last = path.at(-1) ?? ''
      await expect
        .poll(async () => (await labelsAt(parents)).some((label) => label.startsWith(last)), { message: path.join(' ▸ ') })
        .toBe(true)
      await app.evaluate((_electron, steps) => {
        let items = globalThis.trayProbe.menu?.items ?? []
        for (const step of steps.slice(0, -1)) items = items.find((item) => item.label.startsWith(step))?.submenu?.items ?? []
        items.find((item) => item.label.startsWith(steps.at(-1) ?? ''))?.click()
      }, path)
    },
  }
}
