import { chmodSync, existsSync, renameSync, statSync } from 'node:fs'

export interface Rotation {
  maxBytes: number
  /** Files in all, the current one included. */
  files: number
}

/** `mlxk.log` → `mlxk.1.log` → `mlxk.2.log`, when the current one has grown too large. The writer must open it anew. */
export function rotate(file: string, { maxBytes, files }: Rotation): void {
  const numbered = (index: number): string => (index === 0 ? file : file.replace(/(\.\w+)?$/, `.${index}$1`))
  if (!existsSync(file)) return
  chmodSync(file, 0o600)
  if (statSync(file).size < maxBytes) return
  for (let index = files - 2; index >= 0; index--) {
    if (existsSync(numbered(index))) renameSync(numbered(index), numbered(index + 1))
  }
}
