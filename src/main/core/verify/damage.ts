import type { ExpectedHash, Finding } from '../../../shared/contract'
import { toError, type ContentMemory } from '../health'
import { isReadable } from '../cache'
import { findCheckable, identify } from './locate'
import type { HashMemory } from './memory'

const hashAlgorithms = ['sha256', 'git-sha1'] as const
const names = { sha256: 'SHA-256', 'git-sha1': 'git hash' } as const

/** The bytes of a file are not the ones that its name or the Hub promised. */
export function toDamage(path: string, expected: ExpectedHash, actual: string): Finding {
  const hash = `${names[expected.algorithm]} is ${actual.slice(0, 12)}… instead of ${expected.value.slice(0, 12)}…`
  return toError('hash_mismatch', path, `${path} is damaged: its ${hash}`)
}

const toIso = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

/** What `verify` found earlier and what is still so, for every verdict of the product. */
export function createContentMemory(memory: HashMemory): ContentMemory {
  return {
    stamp: memory.stamp,
    recalled: ({ files }) => {
      const suspect = memory.suspects()
      if (suspect === null) return ''
      const known = files.flatMap((file) =>
        hashAlgorithms.flatMap((algorithm) => {
          const value = isReadable(file) ? suspect(algorithm, file) : null
          return value === null ? [] : [`${file.path} ${value}`]
        }),
      )
      return known.join('\n')
    },
    findDamage: (repo, snapshot, facts) => {
      const suspect = memory.suspects()
      if (suspect === null) return []
      return findCheckable(repo, snapshot, facts).checkable.flatMap(({ file, path, expected }) => {
        const { algorithm, value } = expected
        const suspected = suspect(algorithm, file)
        if (suspected === null || suspected === value) return []
        // Damage is only said of exactly these bytes.
        const identity = identify(path)
        const actual = identity === null ? null : memory.recall(algorithm, identity)
        return actual === null || actual === value ? [] : [toDamage(file.path, expected, actual)]
      })
    },
    hashStates: (repo, snapshot, facts) => {
      const { checkable } = findCheckable(repo, snapshot, facts)
      return new Map(
        checkable.map(({ file, path, expected: { algorithm, value } }) => {
          const identity = identify(path)
          const actual = identity === null ? null : memory.recall(algorithm, identity)
          const hash_state = actual === null ? 'not_checked' : actual === value ? 'verified' : 'damaged'
          const atS = identity === null || actual === null ? null : memory.learntAt(algorithm, identity)
          return [file.path, { hash_state, checked_at: atS === null ? null : toIso(atS) }] as const
        }),
      )
    },
  }
}
