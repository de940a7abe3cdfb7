import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A folder that something of ours filled has far fewer; a bound for one that a mistake did. */
const MAX_FILES = 500_000

/** Bytes of a file, or of all in a folder, links as such; null when it is not there. What cannot be read counts as nothing. */
export async function sizeOf(path: string): Promise<number | null> {
  const first = await lstat(path).catch(() => null)
  if (first === null) return null
  if (!first.isDirectory()) return first.size
  let bytes = 0
  let files = 0
  const folders = [path]
  for (let folder = folders.pop(); folder !== undefined && files < MAX_FILES; folder = folders.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])
    for (const entry of entries) {
      const inside = join(folder, entry.name)
      files += 1
      if (entry.isDirectory()) folders.push(inside)
      else bytes += (await lstat(inside).catch(() => null))?.size ?? 0
    }
  }
  return bytes
}

/** The file and what stands beside it under its name: journals of a database, damaged ones that were kept (`name-wal`, `name.corrupt-…`). */
export async function withSiblings(file: string): Promise<string[]> {
  const name = basename(file)
  const names = await readdir(dirname(file)).catch((): string[] => [])
  const own = names.filter((each) => each === name || each.startsWith(`${name}-`) || each.startsWith(`${name}.`))
  return own.map((each) => join(dirname(file), each))
}
