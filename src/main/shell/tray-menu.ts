import type { MenuItemConstructorOptions } from 'electron'
import type { AppState, LoadedModel, ModelSummary } from '../../shared/contract'
import type { ShellView } from './owner'
import { formatMemory, isHeld, isLoading, loadedMemory, serverLine } from './status'

/** What the menu can do. Each entry also exists in the window. */
export interface TrayActions {
  copyText: (text: string) => void
  load: (model: string) => void
  unload: (model: string) => void
  startServer: () => void
  stopServer: () => void
  open: (view: 'last' | 'models' | 'chat') => void
  quit: () => void
}

const MOST_SHOWN = 8
const separator: MenuItemConstructorOptions = { type: 'separator' }

/** The engine can load it now. */
export const isRunnable = (model: ModelSummary): boolean =>
  model.framework === 'MLX' &&
  model.health === 'healthy' &&
  model.runtime_compatible &&
  model.capabilities.includes('text-generation')

/** Names without their owner where that is enough to tell them apart. `&` would mark a mnemonic. */
function shortNames(names: readonly string[]): (name: string) => string {
  const short = (name: string): string => name.slice(name.indexOf('/') + 1)
  const count = new Map<string, number>()
  for (const name of new Set(names)) count.set(short(name), (count.get(short(name)) ?? 0) + 1)
  return (name) => (count.get(short(name)) === 1 ? short(name) : name).replaceAll('&', '&&')
}

function loadedItem(model: LoadedModel, label: string, actions: TrayActions): MenuItemConstructorOptions {
  const note = isLoading(model)
    ? `Loading${model.progress === null ? '…' : ` ${Math.floor(model.progress * 100)} %`}`
    : model.state === 'crashed'
      ? 'Stopped Unexpectedly'
      : model.memory_bytes === null
        ? ''
        : formatMemory(model.memory_bytes)
  return {
    id: `loaded:${model.name}`,
    label: note === '' ? label : `${label}   ${note}`,
    submenu: [
      { label: 'Copy Model ID', click: () => actions.copyText(model.name) },
      separator,
      model.state === 'crashed'
        ? { id: `load:${model.name}`, label: 'Load Again', click: () => actions.load(model.name) }
        : { id: `unload:${model.name}`, label: 'Unload', click: () => actions.unload(model.name) },
    ],
  }
}

function loadMenu(state: AppState, models: readonly ModelSummary[], label: (name: string) => string, actions: TrayActions) {
  const held = new Set(state.loaded.filter(isHeld).map((model) => model.name))
  const entries = models
    .filter((model) => isRunnable(model) && !held.has(model.name))
    .toSorted((a, b) => b.last_modified.localeCompare(a.last_modified) || a.name.localeCompare(b.name))
    .slice(0, MOST_SHOWN)
    .map((model): MenuItemConstructorOptions => ({
      id: `load:${model.name}`,
      label: label(model.name),
      click: () => actions.load(model.name),
    }))
  const none: MenuItemConstructorOptions = { label: 'No Models to Load', enabled: false }
  return [...(entries.length > 0 ? entries : [none]), separator, { label: 'All Models…', click: () => actions.open('models') }]
}

/** What OpenAI clients call their base URL, null while the API does not listen. */
export function baseUrl(state: AppState | null): string | null {
  const server = state?.server
  return server?.state === 'ready' && server.url !== null ? `${server.url}/v1` : null
}

/**
 * The native menu of design.md §9, as far as its rooms exist. Pure: state in, template out. While no owner answers only opening and
 * quitting are offered.
 */
export function buildTrayMenu({ state, models, problem }: ShellView, actions: TrayActions): MenuItemConstructorOptions[] {
  const apiBase = baseUrl(state)
  const head: MenuItemConstructorOptions[] = [
    { id: 'server', label: serverLine(state, problem), enabled: false },
    {
      id: 'copy-base-url',
      label: 'Copy Base URL',
      accelerator: 'Alt+CmdOrCtrl+C',
      // Shown beside the entry only: a global shortcut is the user's to choose.
      registerAccelerator: false,
      enabled: apiBase !== null,
      click: () => {
        if (apiBase !== null) actions.copyText(apiBase)
      },
    },
    separator,
  ]
  const foot: MenuItemConstructorOptions[] = [
    { id: 'open', label: 'Open MLX Knife', click: () => actions.open('last') },
    { id: 'chat', label: 'New Chat', click: () => actions.open('chat') },
    { id: 'models', label: 'Models', click: () => actions.open('models') },
    separator,
  ]
  const quit: MenuItemConstructorOptions = {
    id: 'quit',
    label: 'Quit MLX Knife',
    accelerator: 'CmdOrCtrl+Q',
    registerAccelerator: false,
    click: actions.quit,
  }
  if (state === null) return [...head, ...foot, quit]

  const shown = state.loaded.filter((model) => model.state !== 'stopped')
  const label = shortNames([...models.map((model) => model.name), ...shown.map((model) => model.name)])
  const memory = loadedMemory(state.loaded)
  const title = shown.length === 0 ? 'Nothing Loaded' : memory === null ? 'Loaded' : `Loaded, ${formatMemory(memory)}`
  const running = state.server.state === 'ready' || state.server.state === 'starting'
  return [
    ...head,
    { id: 'loaded', label: title, enabled: false },
    ...shown.map((model) => loadedItem(model, label(model.name), actions)),
    { id: 'load', label: 'Load Model', submenu: loadMenu(state, models, label, actions) },
    separator,
    ...foot,
    running
      ? { id: 'stop-server', label: 'Stop Server', click: actions.stopServer }
      : { id: 'start-server', label: 'Start Server', click: actions.startServer },
    quit,
  ]
}
