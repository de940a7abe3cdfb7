import type { KeptBytes, Removal, RemovalPlan } from '../../../shared/contract'
import type { Context } from '../context'
import { formatSize, safeLine, shortHash } from './text'

/** `1 file`, `2 files` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** Revisions are named by their first digits, models in full. */
const shortName = (name: string): string => (/^[0-9a-f]{40}$/.test(name) ? shortHash(name) : name)

function describeTarget({ target, revision, revisions }: RemovalPlan): string {
  if (target === 'link') return 'a link to a folder elsewhere, which stays'
  if (target === 'revision' && revision !== null) return `revision ${shortName(revision)} only`
  if (revision !== null) return `revision ${shortName(revision)}, its last: the whole model`
  return revisions.length === 0 ? 'the whole model' : `the whole model, ${count(revisions.length, 'revision')}`
}

/** What goes, in the words of people: `5 files, 1 unfinished download`. */
function describeContent(plan: RemovalPlan): string {
  const files = plan.blobs.length + plan.files.length + plan.other.length
  const parts = [
    ...(files > 0 ? [count(files, 'file')] : []),
    ...(plan.payloads.length > 0 ? [count(plan.payloads.length, 'shared file')] : []),
    ...(plan.partials.length > 0 ? [count(plan.partials.length, 'unfinished download')] : []),
    ...(files + plan.payloads.length + plan.partials.length === 0 ? [count(plan.links.length, 'link')] : []),
  ]
  return parts.join(', ')
}

const why: Readonly<Record<KeptBytes['reason'], (users: string) => string>> = {
  shared: (users) => `also used by ${users}`,
  no_references: () => 'nothing says who else uses the content',
  lock_unknown: () => 'no lock can be taken on this machine',
  locked: () => 'in use by another program',
  hard_link: () => 'there are other names of the same content elsewhere',
  outside: () => 'outside of the model’s folder',
  other_revision: (users) => `also used by revision ${users}`,
  not_known: () => 'not everything in the model could be looked at',
  refused: () => 'the system did not allow it',
}

/** One line per reason: what stays, how much, and who needs it. */
export function describeKept(kept: readonly KeptBytes[]): string[] {
  const reasons = [...new Set(kept.map(({ reason }) => reason))]
  return reasons.map((reason) => {
    const of = kept.filter((each) => each.reason === reason)
    const bytes = of.reduce((sum, { size_bytes: size }) => sum + size, 0)
    const users = [...new Set(of.flatMap(({ used_by: by }) => by))].sort().map(shortName)
    const named = users.length > 3 ? `${users.slice(0, 3).join(', ')} and ${users.length - 3} more` : users.join(', ')
    const size = bytes === 0 ? '' : ` (${formatSize(bytes)})`
    return safeLine(`${count(of.length, 'file')}${size} ${of.length === 1 ? 'stays' : 'stay'}: ${why[reason](named)}`)
  })
}

function describeLocks({ locks }: RemovalPlan): string | null {
  if (locks.length === 0) return null
  const held = locks.filter(({ state }) => state === 'held').length
  return held > 0 ? `${count(held, 'lock file')} held by another program` : `${count(locks.length, 'lock file')} will be cleaned up`
}

/** A plan for people: what goes, how much that frees, what stays and why. */
export function describePlan(plan: RemovalPlan, paint: Context['paint']): string[] {
  const details = [describeTarget(plan), describeContent(plan)].filter((text) => text !== '')
  const locks = describeLocks(plan)
  return [
    safeLine(`${paint.bold(plan.name)}: ${details.join(', ')}`),
    `  frees ${formatSize(plan.bytes_freed)}`,
    ...describeKept(plan.kept).map((line) => `  ${line}`),
    ...(locks === null ? [] : [`  ${locks}`]),
  ]
}

/** What was done, measured. */
export function describeRemoval(removal: Omit<Removal, 'plan'>, paint: Context['paint']): string[] {
  const { name, target, revision, action, bytes_freed: freed, lock_files_cleaned: locks } = removal
  const part =
    target === 'revision' && revision !== null ? ` revision ${shortName(revision)} of` : target === 'link' ? ' the link' : ''
  const verb = action === 'finished' ? 'Finished removing' : 'Removed'
  const cleaned = locks === 0 ? '' : `, ${count(locks, 'lock file')} cleaned up`
  const others = removal.finished.filter((each) => action !== 'finished' || each.name !== name)
  return [
    safeLine(`${paint.green(`${verb}${part}`)} ${name}: ${formatSize(freed)} freed${cleaned}.`),
    ...describeKept(removal.kept).map((line) => `  ${line}`),
    ...others.map((each) =>
      safeLine(`  Also finished the removal of ${each.name} that an earlier run began: ${formatSize(each.bytes_freed)} freed.`),
    ),
  ]
}
