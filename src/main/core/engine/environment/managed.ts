import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

const name = z.string().regex(/^[\w-]+$/)

/** One finished environment. It knows its own absolute path, so it stays where it was built: `<engine>/<lock>/<folder>`. */
const environment = z.object({
  /** Hash of the lock file that it was made from. */
  lock: name,
  folder: name,
  /** Relative to its folder. */
  site_packages: z.string(),
  /** What was in site-packages when it was finished; one that is missing later makes the environment broken. */
  entries: z.array(z.string()),
  /** The same for the modules of mlx_lm's architectures: without its own, a model does not load. */
  architectures: z.array(z.string()),
  versions: z.object({ python: z.string(), mlx: z.string().nullable(), mlx_lm: z.string(), transformers: z.string().nullable() }),
})

/**
 * `<engine>/active.json`: which environment is in use, and the one before it. This one file, written last and atomically, is the switch.
 * Every other folder is rubbish of a run that was interrupted, and nothing still running in one can harm the active one.
 */
const active = z.object({ version: z.literal(1), current: environment, previous: environment.nullable() })

export type Environment = z.infer<typeof environment>
export type Active = Pick<z.infer<typeof active>, 'current' | 'previous'>

const lockFolder = /^[0-9a-f]{12}$/
const pointer = (engineFolder: string): string => join(engineFolder, 'active.json')
const architecturesOf = (sitePackages: string): string => join(sitePackages, 'mlx_lm', 'models')

export function folderOf(engineFolder: string, { lock, folder }: Pick<Environment, 'lock' | 'folder'>): string {
  return join(engineFolder, lock, folder)
}

export function pythonOf(folder: string): string {
  return join(folder, 'bin', 'python')
}

/** Null when nothing was installed yet; `unreadable` when something was and its description is damaged. */
export async function readActive(engineFolder: string): Promise<Active | null | 'unreadable'> {
  if (!existsSync(pointer(engineFolder))) return null
  const parsed = active.safeParse(parse(await readFile(pointer(engineFolder), 'utf8').catch(() => '')))
  return parsed.success ? parsed.data : 'unreadable'
}

/** Why an environment cannot work, by the interpreter and two listings: a few file system calls, no process. Null when nothing is wrong. */
export async function findDamage(engineFolder: string, entry: Environment): Promise<string | null> {
  const folder = folderOf(engineFolder, entry)
  const python = pythonOf(folder)
  // Follows links: the Python that it was made from may have been removed.
  if (!existsSync(python)) return `Its Python is gone: ${python}`
  const sitePackages = join(folder, entry.site_packages)
  const packages = await missing(sitePackages, entry.entries)
  if (packages.length > 0) return `Packages are gone from it: ${packages.slice(0, 3).join(', ')}`
  const architectures = await missing(architecturesOf(sitePackages), entry.architectures)
  return architectures.length === 0 ? null : `Architectures are gone from its mlx_lm: ${architectures.slice(0, 3).join(', ')}`
}

async function missing(folder: string, wanted: readonly string[]): Promise<string[]> {
  const present = new Set(await readdir(folder).catch(() => []))
  return wanted.filter((entry) => !present.has(entry))
}

/** Describes a finished folder. */
export function describeEnvironment(engineFolder: string, made: Omit<Environment, 'entries' | 'architectures'>): Environment {
  const list = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).filter((entry) => entry !== '__pycache__') : []
  const sitePackages = join(folderOf(engineFolder, made), made.site_packages)
  return { ...made, entries: list(sitePackages), architectures: list(architecturesOf(sitePackages)) }
}

/** The switch. */
export async function writeActive(engineFolder: string, { current, previous }: Active): Promise<void> {
  await writeFileAtomic(pointer(engineFolder), `${JSON.stringify({ version: 1, current, previous }, null, 2)}\n`)
}

/** After this nothing is installed, whatever still lies there. */
export async function forgetActive(engineFolder: string): Promise<void> {
  await rm(pointer(engineFolder), { force: true })
}

/** Removes every environment but those to keep, also half-made ones. One that cannot be removed now is removed next time. */
export async function removeRubbish(engineFolder: string, keep: readonly Environment[]): Promise<void> {
  await mkdir(engineFolder, { recursive: true, mode: 0o700 })
  for (const lock of await folders(engineFolder)) {
    if (lock.startsWith('self-test-')) await remove(join(engineFolder, lock))
    if (!lockFolder.test(lock)) continue
    const kept = keep.filter((entry) => entry.lock === lock).map(({ folder }) => folder)
    if (kept.length === 0) await remove(join(engineFolder, lock))
    else
      for (const folder of await folders(join(engineFolder, lock)))
        if (!kept.includes(folder)) await remove(join(engineFolder, lock, folder))
  }
}

async function folders(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** Also for Pythons that uv fetched for us. */
export async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
