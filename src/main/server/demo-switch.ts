import type { DemoStatus } from '../../shared/contract'
import { demoModelNames, removeDemoModels, writeDemoModels } from '../core/demo'
import type { EnginePool } from '../core/engine/types'
import type { SettingsStore } from '../core/settings/types'
import { toFileError, type DataPaths } from '../core/system'

export interface DemoSwitchDeps {
  paths: Pick<DataPaths, 'demoHub'>
  settings: Pick<SettingsStore, 'read' | 'update'>
  pool: Pick<EnginePool, 'unload'>
  onChange: () => void
}

export interface DemoSwitch {
  status: () => DemoStatus
  /** Writes the demo models and shows them. @throws AppError disk_full, permission_denied */
  enable: () => Promise<DemoStatus>
  /** Hides the demo models, stops those that are loaded and removes them. @throws AppError permission_denied */
  remove: () => Promise<DemoStatus>
}

/** Turns the demo on and off for everyone who looks at the owner's models; one turn at a time. */
export function createDemoSwitch({ paths, settings, pool, onChange }: DemoSwitchDeps): DemoSwitch {
  let last: Promise<unknown> = Promise.resolve()
  const status = (): DemoStatus => {
    const { enabled } = settings.read().demo
    return { enabled, models: enabled ? [...demoModelNames] : [] }
  }
  const turn = (enabled: boolean): Promise<unknown> => settings.update((now) => ({ ...now, demo: { ...now.demo, enabled } }))
  const inTurn = (work: () => Promise<void>): Promise<DemoStatus> => {
    const result = last.then(async () => {
      try {
        await work()
      } catch (error) {
        throw toFileError(error, paths.demoHub)
      } finally {
        onChange()
      }
      return status()
    })
    last = result.catch(() => undefined)
    return result
  }
  return {
    status,
    enable: () =>
      inTurn(async () => {
        await writeDemoModels(paths.demoHub)
        await turn(true)
      }),
    remove: () =>
      inTurn(async () => {
        await turn(false)
        await Promise.all(demoModelNames.map((name) => pool.unload(name, { drainMs: 0 })))
        await removeDemoModels(paths.demoHub)
      }),
  }
}
