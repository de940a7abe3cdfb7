import type { Finding, VerifiedModel, VerifyResult } from '../../../shared/contract'
import { sortFindings, toError, toHealthEntry } from '../health'
import { toDamage } from './damage'
import type { HashOutcome, Subject } from './types'
import type { Reference, Work } from './work'

const MANY = 50

function judge({ file, expected }: Reference, outcome: HashOutcome | null): Finding | null {
  if (outcome === null) return null
  if (outcome.state === 'ok') return outcome.value === expected.value ? null : toDamage(file, expected, outcome.value)
  if (outcome.state === 'changed') return toError('file_changed', file, `${file} changed while it was checked.`, false)
  if (outcome.errno === 'ENOENT') return toError('file_vanished', file, `${file} was removed while it was checked.`)
  const why = outcome.errno === 'EACCES' || outcome.errno === 'EPERM' ? 'it may not be read' : `the disk answers ${outcome.errno}`
  return toError('file_unreadable', file, `${file} cannot be read: ${why}.`, false)
}

function toVerified(subject: Subject, references: readonly [Reference, HashOutcome | null, boolean][], unverifiable: number) {
  const files = { verified: 0, remembered: 0, damaged: 0, unverifiable }
  const found: Finding[] = []
  const known = subject.findings.filter(({ code }) => code !== 'hash_mismatch')
  const named = new Set(known.filter(({ severity }) => severity === 'error').map(({ file }) => file))
  for (const [reference, outcome, remembered] of references) {
    const finding = judge(reference, outcome)
    if (finding === null) {
      files.verified += 1
      if (remembered) files.remembered += 1
    } else if (finding.code === 'hash_mismatch') files.damaged += 1
    else files.unverifiable += 1
    // What structure has said of the file is said more exactly: "truncated" rather than "damaged".
    if (finding !== null && !named.has(finding.file)) found.push(finding)
  }
  const entry = toHealthEntry(subject.repo.name, sortFindings([...known, ...found.slice(0, MANY)]))
  return { ...entry, revision: subject.snapshot?.hash ?? null, files } satisfies VerifiedModel
}

/** The verdicts on all subjects, once every piece has its outcome. */
export function toResult(subjects: readonly Subject[], { pieces, unverifiable }: Work): VerifyResult {
  const bySubject = subjects.map((): [Reference, HashOutcome | null, boolean][] => [])
  for (const { references, outcome, remembered } of pieces) {
    for (const reference of references) bySubject[reference.subject]?.push([reference, outcome, remembered])
  }
  const models = subjects.map((subject, index) => {
    const references = (bySubject[index] ?? []).sort(([a], [b]) => (a.file < b.file ? -1 : 1))
    return toVerified(subject, references, unverifiable[index] ?? 0)
  })
  const sum = (remembered: boolean): number =>
    pieces.filter((piece) => piece.remembered === remembered).reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
  const healthy = models.filter(({ status }) => status === 'healthy').length
  return {
    type: 'result',
    models,
    summary: {
      total: models.length,
      healthy_count: healthy,
      unhealthy_count: models.length - healthy,
      bytes_hashed: sum(false),
      bytes_remembered: sum(true),
    },
  }
}
