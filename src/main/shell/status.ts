import type { AppState, LoadedModel } from '../../shared/contract'

/** The menu-bar icon's drawings; told apart by shape, not colour (design.md §9). */
export const TRAY_ICONS = ['stopped', 'starting', 'ready', 'answering', 'downloading', 'needs-you', 'failed'] as const
export type TrayIcon = (typeof TRAY_ICONS)[number]

const LOADING: ReadonlySet<LoadedModel['state']> = new Set(['spawning', 'loading', 'warming'])

export const isLoading = (model: LoadedModel): boolean => LOADING.has(model.state)
/** Loaded, or on the way: what holds memory. */
export const isHeld = (model: LoadedModel): boolean => model.state !== 'stopped' && model.state !== 'crashed'

/**
 * When several apply the first of the order wins.
 * @param state null: the owner of the data folder does not answer (yet, or any more)
 * @param problem why there is no owner, where that is known
 */
export function trayIcon(state: AppState | null, problem: string | null = null): TrayIcon {
  if (state === null) return problem === null ? 'starting' : 'failed'
  const { server, loaded, jobs, engine } = state
  if (server.state === 'failed' || server.state === 'port_in_use' || loaded.some((model) => model.state === 'crashed'))
    return 'failed'
  if (engine.state === 'broken') return 'needs-you'
  if (server.state === 'starting' || loaded.some(isLoading)) return 'starting'
  if (answers(state) > 0) return 'answering'
  if (jobs.some((job) => job.state === 'running')) return 'downloading'
  return server.state === 'ready' ? 'ready' : 'stopped'
}

/** How many answers are being written now. */
export function answers(state: AppState): number {
  return state.loaded.reduce((sum, model) => sum + model.in_flight, 0)
}

/** Memory as macOS shows it: ÷ 2³⁰, one decimal (design.md §7). */
export function formatMemory(bytes: number): string {
  const gigabytes = bytes / 2 ** 30
  return gigabytes < 0.1 ? `${Math.round(bytes / 2 ** 20)} MB` : `${gigabytes.toFixed(1)} GB`
}

export function loadedMemory(loaded: readonly LoadedModel[]): number | null {
  const known = loaded.filter(isHeld).flatMap((model) => (model.memory_bytes === null ? [] : [model.memory_bytes]))
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0)
}

/** The menu's first line: the truth about the server. */
export function serverLine(state: AppState | null, problem: string | null = null): string {
  if (state === null) return problem === null ? 'Server Starting…' : `MLX Knife Failed: ${problem}`
  const { server } = state
  switch (server.state) {
    case 'ready':
      return server.port === null ? 'Server Ready' : `Server Ready on Port ${server.port}`
    case 'starting':
      return 'Server Starting…'
    case 'stopped':
      return 'Server Stopped'
    case 'port_in_use':
      return server.port === null ? 'Port Is in Use' : `Port ${server.port} Is in Use`
    case 'failed':
      return `Server Failed: ${server.error?.message ?? 'unknown reason'}`
  }
}

/** "MLX Knife: server ready, 2 models, 19.5 GB". */
export function tooltip(state: AppState | null, problem: string | null = null): string {
  if (state === null) return problem === null ? 'MLX Knife: starting' : `MLX Knife: ${problem}`
  const words = {
    ready: 'server ready',
    starting: 'server starting',
    stopped: 'server stopped',
    port_in_use: 'port in use',
    failed: 'server failed',
  }
  const held = state.loaded.filter(isHeld)
  const memory = loadedMemory(held)
  const parts = [words[state.server.state]]
  if (held.length > 0) parts.push(`${held.length} ${held.length === 1 ? 'model' : 'models'}`)
  if (memory !== null) parts.push(formatMemory(memory))
  return `MLX Knife: ${parts.join(', ')}`
}
