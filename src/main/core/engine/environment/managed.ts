import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

/**
 * `<engine>/<lock hash>/complete.json`. Environments know their own absolute path, so each attempt builds in a folder of its own beside
 * it, and this one file, written last and atomically, says which of them is in use. Every other folder is rubbish of a run that was
 * interrupted, and nothing still running in one can harm the active one.
 */
const marker = z.object({
  lock: z.string(),
  folder: z.string().regex(/^[\w-]+$/),
  /** Relative to `folder`. */
  site_packages: z.string(),
  /** What was in site-packages at activation; one that is missing later makes the environment broken. */
  entries: z.array(z.string()),
  versions: z.object({ python: z.string(), mlx: z.string().nullable(), mlx_lm: z.string(), transformers: z.string().nullable() }),
})

export type Marker = z.infer<typeof marker>

export type ManagedState =
  | { state: 'missing' }
  | { state: 'broken'; reason: string }
  | { state: 'ready'; python: string; marker: Marker }

/** Looks at the marker, the interpreter and one listing of site-packages; a few file system calls, no process. */
export async function inspectManaged(home: string): Promise<ManagedState> {
  const file = join(home, 'complete.json')
  if (!existsSync(file)) return { state: 'missing' }
  const parsed = marker.safeParse(parse(await readFile(file, 'utf8').catch(() => '')))
  if (!parsed.success) return { state: 'broken', reason: 'Its description (complete.json) cannot be read.' }
  const folder = join(home, parsed.data.folder)
  const python = pythonOf(folder)
  // Follows links: the Python that it was made from may have been removed.
  if (!existsSync(python)) return { state: 'broken', reason: `Its Python is gone: ${python}` }
  const present = new Set(await readdir(join(folder, parsed.data.site_packages)).catch(() => []))
  const gone = parsed.data.entries.filter((name) => !present.has(name))
  if (gone.length > 0) return { state: 'broken', reason: `Packages are gone from it: ${gone.slice(0, 3).join(', ')}` }
  return { state: 'ready', python, marker: parsed.data }
}

export function pythonOf(folder: string): string {
  return join(folder, 'bin', 'python')
}

/** Makes a finished folder the active one. */
export async function activate(home: string, entry: Omit<Marker, 'entries'>): Promise<void> {
  const entries = readdirSync(join(home, entry.folder, entry.site_packages)).filter((name) => name !== '__pycache__')
  const value: Marker = { ...entry, entries }
  await writeFileAtomic(join(home, 'complete.json'), `${JSON.stringify(value, null, 2)}\n`)
}

/** Removes every folder but `keep`. One that cannot be removed now is removed next time. */
export async function removeRubbish(home: string, keep: string | null): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(home, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === keep) continue
    await rm(join(home, entry.name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
