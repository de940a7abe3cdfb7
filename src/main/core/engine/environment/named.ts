import { stat } from 'node:fs/promises'
import type { EngineStatus } from '../../../../shared/contract'
import type { Env, Platform } from '../../system'
import { commandEnvironment } from './command-environment'
import { probePython, unsuitable, type PythonFacts } from './probe'
import type { RunCommand } from './run-command'

/** How long an interpreter that did not run is not asked again. It may hang, and the owner looks every few seconds. */
const RETRY_MS = 60_000

/**
 * Status of an interpreter that the user named. Asking it costs a process (about 50 ms), so the answer is remembered until the
 * interpreter or its site-packages changes; a failure for a minute at most. All who ask meanwhile wait for the same process.
 */
export function createNamedInterpreter(deps: {
  env: Env
  platform: Platform
  run: RunCommand
  now?: () => number
}): (source: 'environment' | 'settings', python: string, wantedMlxLm: string) => Promise<EngineStatus> {
  const now = deps.now ?? Date.now
  let remembered: { key: string; facts: PythonFacts | null; at: number } | null = null
  let asking: { python: string; facts: Promise<PythonFacts | null> } | null = null

  async function ask(python: string): Promise<PythonFacts | null> {
    const facts = await probePython(deps.run, python, commandEnvironment(deps.env), new AbortController().signal)
    remembered = { key: await fingerprint(python, facts?.site_packages), facts, at: now() }
    return facts
  }

  async function read(python: string): Promise<PythonFacts | null> {
    if (asking?.python === python) return asking.facts
    if (remembered !== null) {
      const { key, facts, at } = remembered
      const fresh = facts !== null || now() - at < RETRY_MS
      if (fresh && key === (await fingerprint(python, facts?.site_packages))) return facts
      // Somebody may have begun while we looked.
      if (asking?.python === python) return asking.facts
    }
    const mine = { python, facts: ask(python) }
    asking = mine
    try {
      return await mine.facts
    } finally {
      if (asking === mine) asking = null
    }
  }

  return async (source, python, wantedMlxLm) => {
    const undo =
      source === 'environment'
        ? 'Set MLXK_PYTHON to a Python that has mlx-lm, or unset it.'
        : 'Choose another Python in the settings, or none to use the managed one.'
    const base = { source, python, lock: null, versions: null, update_available: false, previous: null } as const
    const facts = await read(python)
    if (facts === null) {
      return { ...base, state: 'broken', reason: `${python} is no Python that runs.`, hint: undo }
    }
    const { mlx, mlx_lm: mlxLm, transformers } = facts.packages
    if (mlxLm === null || mlx === null) {
      const reason = unsuitable(facts, deps.platform)
      if (reason !== null) {
        return { ...base, state: 'broken', reason: `mlx-lm cannot be installed in ${python}: ${reason}.`, hint: undo }
      }
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

async function fingerprint(python: string, sitePackages = python): Promise<string> {
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
