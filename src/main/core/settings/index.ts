/**
 * Settings: the file `settings.json`, its versions, and which of flag, environment, file and default decides. Reading costs no more
 * than the file. Only the owner of the data folder writes. Imported by the composition root, the CLI and other domains' faces.
 */
export type { SettingsProblem } from './document'
export { findField, readSetting } from './change'
export { createSettingsManager, type SettingsManager } from './manager'
export {
  chooseLogLevel,
  chooseServer,
  explainSettings,
  isLoopbackHost,
  type Chosen,
  type ExplainedSetting,
  type ServerChoices,
  type ServerFlags,
} from './precedence'
export { createSettings, type OpenSettings, type SettingsDeps } from './store'
export type { LogLevel, Settings, SettingsStore } from './types'
