import { stat } from 'node:fs/promises'
import type { EngineStatus } from '../../../../shared/contract'
import type { Env, Platform } from '../../system'
import { commandEnvironment } from './command-environment'
import { probePython, type PythonFacts } from './probe'
import type { RunCommand } from './run-command'

/**
 * Status of an interpreter that the user named. Asking it costs a process (about 50 ms), so the answer is remembered until the
 * interpreter or its site-packages changes.
 */
export function createNamedInterpreter(deps: {
  env: Env
  platform: Platform
  run: RunCommand
}): (source: 'environment' | 'settings', python: string, wantedMlxLm: string) => Promise<EngineStatus> {
  let remembered: { key: string; facts: PythonFacts } | null = null

  async function read(python: string): Promise<PythonFacts | null> {
    if (remembered !== null && remembered.key === (await fingerprint(python, remembered.facts.site_packages)))
      return remembered.facts
    const facts = await probePython(deps.run, python, commandEnvironment(deps.env), new AbortController().signal)
    remembered = facts === null ? null : { key: await fingerprint(python, facts.site_packages), facts }
    return facts
  }

  return async (source, python, wantedMlxLm) => {
    const undo =
      source === 'environment'
        ? 'Set MLXK_PYTHON to a Python that has mlx-lm, or unset it.'
        : 'Choose another Python in the settings, or none to use the managed one.'
    const base = { source, python, lock: null, versions: null } as const
    const facts = await read(python)
    if (facts === null) {
      return { ...base, state: 'broken', reason: `${python} is no Python that runs.`, hint: undo }
    }
    const { mlx, mlx_lm: mlxLm, transformers } = facts.packages
    if (mlxLm === null || mlx === null) {
      const requirement = deps.platform.os === 'darwin' ? `mlx-lm==${wantedMlxLm}` : `mlx-lm[cpu]==${wantedMlxLm}`
      return {
        ...base,
        state: 'missing',
        reason: `${mlxLm === null ? 'mlx-lm' : 'mlx'} is not installed in ${python}.`,
        hint: `'${python}' -m pip install '${requirement}'`,
      }
    }
    const versions = { python: facts.version, mlx, mlx_lm: mlxLm, transformers }
    return { ...base, state: 'ready', versions, reason: null, hint: null }
  }
}

async function fingerprint(python: string, sitePackages: string): Promise<string> {
  const parts = await Promise.all(
    [python, sitePackages].map((path) =>
      stat(path).then(
        ({ ino, mtimeMs, size }) => `${path}:${ino}:${mtimeMs}:${size}`,
        () => `${path}:none`,
      ),
    ),
  )
  return parts.join('|')
}
