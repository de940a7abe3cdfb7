import { createRequire } from 'node:module'
import { join } from 'node:path'

interface Builder {
  buildIfStale: () => boolean
}

/** Builds when the sources are newer than `out/`, as `bin/mlxk.cjs` does in a checkout. @throws Error when the build fails */
export function ensureBuilt(): void {
  const builder = createRequire(import.meta.url)('../../scripts/lib/build-if-stale.cjs') as Builder
  if (!builder.buildIfStale()) throw new Error('the build failed: see above')
}

/** Absolute path of a file of the checkout. */
export function projectFile(...parts: string[]): string {
  return join(import.meta.dirname, '..', '..', ...parts)
}
