import type { LoadedModel, StateFrame } from '../../../shared/contract'
import type { InUse } from './remove'

export interface InUseDeps {
  /** Models that this process has loaded. */
  loaded: () => readonly LoadedModel[]
  /** What the owner of the data folder says of itself, when that is another process; null when there is none. */
  watchOwner: () => Promise<{ pid: number; frames: AsyncIterable<StateFrame> } | null>
}

const isThere = ({ state }: LoadedModel): boolean => state !== 'stopped' && state !== 'crashed'

/** The owner's first word names everything, loaded models among it. */
async function askOwner({ watchOwner }: InUseDeps): Promise<{ pid: number; loaded: readonly LoadedModel[] } | null> {
  try {
    const owner = await watchOwner()
    if (owner === null) return null
    for await (const { changes } of owner.frames) return { pid: owner.pid, loaded: changes.loaded ?? [] }
  } catch {
    // It ends just now. Files that it still reads stay readable to it after they were removed.
  }
  return null
}

/** Asks this process and the owner of the data folder whether a model is loaded. */
export function createInUse(deps: InUseDeps): InUse {
  return async ({ name }) => {
    const own = deps.loaded().find((model) => model.name === name && isThere(model))
    if (own !== undefined) return { by: 'MLX Knife', ...(own.pid === null ? {} : { pid: own.pid }) }
    const owner = await askOwner(deps)
    const theirs = owner?.loaded.find((model) => model.name === name && isThere(model))
    return owner === null || theirs === undefined ? null : { by: `MLX Knife (process ${owner.pid})`, pid: theirs.pid ?? owner.pid }
  }
}
