import type { ModelCode, TrustedRevision } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { createTrust, type TrustSubject } from '../../core/trust'
import type { Context } from '../context'
import { openCatalog } from './catalog'
import { throughOwner } from './settings'

export interface TrustAccess {
  list: () => Promise<TrustedRevision[]>
  /** @throws AppError as the catalog's `show` */
  inspect: (model: string) => Promise<ModelCode>
  /** @throws AppError as `Trust.add` */
  add: (model: string, codeHash: string) => Promise<TrustedRevision>
  /** @throws AppError not_found */
  remove: (model: string) => Promise<TrustedRevision[]>
}

/** What is trusted: kept by whoever owns the data folder. */
export function openTrust(context: Context): TrustAccess {
  const trust = createTrust({ paths: context.paths })
  const find = async (model: string): Promise<TrustSubject> => {
    const { model: found, snapshot_path: snapshotPath } = await openCatalog(context).show(model)
    if (snapshotPath === null) throw new AppError('model_unhealthy', `${found.name} has no revision to look at.`)
    return { name: found.name, hash: found.hash, snapshotPath }
  }
  return {
    list: () => Promise.resolve(trust.list()),
    inspect: (model) =>
      throughOwner(
        context,
        'read',
        (owner) => owner.call('trust.inspect', { model }),
        async () => trust.inspect(await find(model)),
      ),
    add: (model, codeHash) =>
      throughOwner(
        context,
        'change',
        (owner) => owner.call('trust.add', { model, code_hash: codeHash }),
        async () => trust.add(await find(model), codeHash),
      ),
    remove: (model) =>
      throughOwner(
        context,
        'change',
        async (owner) => (await owner.call('trust.remove', { model })).revisions,
        () => trust.remove(model),
      ),
  }
}
