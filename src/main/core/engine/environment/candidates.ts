import { delimiter, isAbsolute, join } from 'node:path'
import { readVariable, type Env, type Platform } from '../../system'

/** Newest of the well-tried first: wheels of new minors come late. Bounds: what mlx-lm 0.32 supports. */
export const pythonMinors = [12, 13, 11, 14]

export interface FileProbe {
  /** True for something that can be executed (links are followed). */
  isExecutable: (path: string) => boolean
  /** Names in a folder; empty when it cannot be read. */
  list: (folder: string) => string[]
}

/** Where programs lie though a GUI app's PATH does not say so. */
function usualFolders({ os, home }: Platform): string[] {
  const own = [join(home, '.local/bin'), join(home, '.cargo/bin')]
  return os === 'darwin' ? ['/opt/homebrew/bin', '/usr/local/bin', ...own] : ['/usr/local/bin', '/usr/bin', ...own]
}

function searchFolders(env: Env, platform: Platform): string[] {
  const path = (readVariable(env, 'PATH') ?? '').split(delimiter).filter(isAbsolute)
  return [...new Set([...path, ...usualFolders(platform)])]
}

/**
 * Interpreters that exist, best first. macOS's own /usr/bin/python3 is never among them: without the Command Line Tools it opens an
 * installer window, and with them it is 3.9.
 */
export function pythonCandidates(env: Env, platform: Platform, files: FileProbe): string[] {
  const folders = searchFolders(env, platform)
  const names = [...pythonMinors.map((minor) => `python3.${minor}`), 'python3']
  const inFolders = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const { home, os } = platform
  const inHomes = [
    ...versionFolders(join(home, '.pyenv/versions'), files).map((folder) => join(folder, 'bin/python3')),
    ...versionFolders(join(home, '.local/share/uv/python'), files).map((folder) => join(folder, 'bin/python3')),
    ...['.local/share/uv/tools/mlx-lm', '.local/pipx/venvs/mlx-lm'].map((folder) => join(home, folder, 'bin/python')),
    ...['miniforge3', 'miniconda3', 'mambaforge', 'anaconda3'].map((folder) => join(home, folder, 'bin/python3')),
  ]
  const framework = '/Library/Frameworks/Python.framework/Versions'
  const inSystem = os === 'darwin' ? pythonMinors.map((minor) => `${framework}/3.${minor}/bin/python3.${minor}`) : []
  return [...new Set([...inFolders, ...inSystem, ...inHomes])].filter(
    (path) => !(os === 'darwin' && path.startsWith('/usr/bin/')) && files.isExecutable(path),
  )
}

/** Folders such as `3.12.4` or `cpython-3.12.4-macos-aarch64-none`, of minors we can use, best first. */
function versionFolders(parent: string, files: FileProbe): string[] {
  const names = files.list(parent)
  return pythonMinors.flatMap((minor) =>
    names.filter((name) => new RegExp(`^(cpython-)?3\\.${minor}\\.\\d+(-|$)`).test(name)).map((name) => join(parent, name)),
  )
}

/** Absolute path of uv, null when there is none. */
export function findUv(env: Env, platform: Platform, files: FileProbe): string | null {
  return (
    searchFolders(env, platform)
      .map((folder) => join(folder, 'uv'))
      .find(files.isExecutable) ?? null
  )
}

/** Brings an interpreter of its own and needs none. */
const UV_HINT = 'Install uv, which brings a Python of its own: curl -LsSf https://astral.sh/uv/install.sh | sh'

/**
 * The command that gives this machine a Python that can make the environment.
 * @param systemWillDo false: the one that the system's packages give was found, and is of no use
 */
export function pythonHint(env: Env, platform: Platform, files: FileProbe, systemWillDo = true): string {
  const has = (program: string): boolean => searchFolders(env, platform).some((folder) => files.isExecutable(join(folder, program)))
  if (platform.os === 'darwin') {
    return has('brew')
      ? 'brew install python@3.12'
      : 'Install Python 3.12 with the installer from python.org, or Homebrew and then: brew install python@3.12'
  }
  if (has('apt-get')) return systemWillDo ? 'sudo apt install python3 python3-venv' : UV_HINT
  if (has('dnf')) return 'sudo dnf install python3.12'
  if (has('pacman')) return systemWillDo ? 'sudo pacman -S python' : UV_HINT
  if (has('zypper')) return 'sudo zypper install python312'
  return systemWillDo ? 'Install Python 3.12 with its venv module.' : UV_HINT
}
