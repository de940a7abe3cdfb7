import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

export type Env = Readonly<Record<string, string | undefined>>

/** What code needs to know of the machine; injected, so that each platform's branch is tested on any. */
export interface Platform {
  os: 'darwin' | 'linux'
  arch: string
  home: string
}

/** Every place in the data folder. Nothing else may build a path in it. */
export interface DataPaths {
  root: string
  settings: string
  secrets: string
  apiKeys: string
  trust: string
  run: string
  ownerLock: string
  controlFile: string
  engines: string
  repoLocks: string
  engine: string
  index: string
  lastUsed: string
  chats: string
  downloads: string
  logs: string
  demo: string
  demoHub: string
  electron: string
}

/** Empty counts as unset, everywhere (product.md §1). */
export function readVariable(env: Env, name: string): string | undefined {
  const value = env[name]
  return value === undefined || value === '' ? undefined : value
}

/** Expands a leading `~` and `$VAR`/`${VAR}`, as Python's huggingface_hub does for its own variables. */
export function expandPath(path: string, env: Env, home: string): string {
  const withVariables = path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    return env[braced ?? bare ?? ''] ?? whole
  })
  const withHome = withVariables === '~' || withVariables.startsWith('~/') ? home + withVariables.slice(1) : withVariables
  return isAbsolute(withHome) ? withHome : resolve(withHome)
}

/** `MLXK_HOME`, else the platform's folder for application data (architecture.md, "Data we own"). */
export function dataPaths(env: Env, platform: Platform): DataPaths {
  const own = readVariable(env, 'MLXK_HOME')
  const xdg = readVariable(env, 'XDG_DATA_HOME')
  let root: string
  if (own !== undefined) root = expandPath(own, env, platform.home)
  else if (platform.os === 'darwin') root = join(platform.home, 'Library', 'Application Support', 'MLX Knife')
  else root = join(xdg === undefined ? join(platform.home, '.local', 'share') : expandPath(xdg, env, platform.home), 'mlx-knife')
  const run = join(root, 'run')
  return {
    root,
    settings: join(root, 'settings.json'),
    secrets: join(root, 'secrets.json'),
    apiKeys: join(root, 'api-keys.json'),
    trust: join(root, 'trust.json'),
    run,
    ownerLock: join(run, 'owner.db'),
    controlFile: join(run, 'control.json'),
    engines: join(run, 'engines'),
    repoLocks: join(run, 'repos'),
    engine: join(root, 'engine'),
    index: join(root, 'index'),
    lastUsed: join(root, 'last-used.json'),
    chats: join(root, 'chat.db'),
    downloads: join(root, 'downloads'),
    logs: join(root, 'logs'),
    demo: join(root, 'demo'),
    demoHub: join(root, 'demo', 'hub'),
    electron: join(root, 'electron'),
  }
}

/** The real machine. Anything that is not macOS is treated as Linux. */
export function currentPlatform(env: Env): Platform {
  return {
    os: process.platform === 'darwin' ? 'darwin' : 'linux',
    arch: process.arch,
    home: readVariable(env, 'HOME') ?? homedir(),
  }
}
