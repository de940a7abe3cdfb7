import { spawn, spawnSync } from 'node:child_process'
import { chownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { mlxk, mlxkPath, type CliOptions } from '../../drivers/cli'
import { finish, type CliResult } from '../../drivers/process'
import { needsEngine } from '../../setup/needs'
import { scanWithPython, type CacheHome } from '../interop/support'

export interface Answer<T = Record<string, unknown>> {
  code: number | null
  data: T
  error: ({ type: string; message: string; hint?: string } & Record<string, unknown>) | null
}

/** One command's document: `--json` unless `form` says otherwise. */
export async function ask<T = Record<string, unknown>>(
  home: Pick<CacheHome, 'env'>,
  args: readonly string[],
  options: CliOptions & { form?: '--json' | '--json=full' } = {},
): Promise<Answer<T>> {
  const { form = '--json', ...rest } = options
  const { code, stdout, stderr } = await mlxk([...args, form], { ...rest, env: { ...home.env, ...rest.env } })
  expect(stderr).toBe('')
  return { code, ...(JSON.parse(stdout) as Omit<Answer<T>, 'code'>) }
}

const withPython = needsEngine()

/** Python's scanner reads the cache without a word, and sees exactly these models. */
export async function expectPythonSees(home: Pick<CacheHome, 'hub'>, names: readonly string[]): Promise<void> {
  if (!withPython) return
  const { warnings, repos } = await scanWithPython(home.hub)
  expect(warnings).toEqual([])
  expect(repos.map(({ id }) => id)).toEqual([...names].sort())
}

/** A user other than root, whom permissions bind: the one that runs the tests, else `nobody`; null where that cannot run Node here. */
export function findBoundUser(): { uid: number } | null {
  const own = process.getuid?.() ?? 0
  if (own !== 0) return { uid: own }
  const { status } = spawnSync(process.execPath, [mlxkPath, '--version'], { uid: 65_534, gid: 65_534 })
  if (status !== 0) console.log('skipped: no user whom permissions bind can run the command line here')
  return status === 0 ? { uid: 65_534 } : null
}

/** Gives everything in a folder to a user. */
export function give(folder: string, { uid }: { uid: number }): void {
  if (process.getuid?.() !== 0) return
  chownSync(folder, uid, uid)
  for (const name of readdirSync(folder)) {
    const stats = lstatSync(join(folder, name))
    if (stats.isDirectory()) give(join(folder, name), { uid })
    else if (stats.isFile()) chownSync(join(folder, name), uid, uid)
  }
}

/** The built command line as another user. */
export function mlxkAs(user: { uid: number }, args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  const identity = process.getuid?.() === 0 ? { uid: user.uid, gid: user.uid } : {}
  return finish(
    spawn(process.execPath, [mlxkPath, ...args], {
      env: { ...process.env, ...env },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
    }),
  )
}
