import type { CacheRootState } from '../../../shared/contract'
import type { Context } from '../context'

/** What people want to know of a root. The user's own cache that was never made, and the demo's, are no news. */
function isNews({ state, kind }: CacheRootState): boolean {
  if (state === 'ok') return false
  return state !== 'missing' || kind === 'extra' || kind === 'workspace'
}

/** Says, beside the result, of every root that is not as it should be why. */
export function warnAboutRoots(context: Context, roots: readonly CacheRootState[]): void {
  const told = roots.filter(isNews)
  for (const { path, reason } of told) context.note(context.talkPaint.yellow(`${path}: ${reason ?? 'It cannot be read.'}`))
  if (told.some(({ state }) => state !== 'read_only'))
    context.note(`  "${context.program} doctor" says which setting chose this folder.`)
}
