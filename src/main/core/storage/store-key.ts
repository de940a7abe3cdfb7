import { posix } from 'node:path'

const KEY = /^[0-9a-f]{2}\/[0-9a-f]{64}$/

/** `xx/<hash>` where `xx` begins the hash. */
export const isPayloadKey = (key: string): boolean => KEY.test(key) && key.slice(3).startsWith(key.slice(0, 2))

/** The place in the store that a link `<folder>/blobs/<name>` names by its text; null when it names none. */
export function payloadKeyOf(root: string, target: string): string | null {
  const relative = target.startsWith('/') ? posix.relative(root, posix.normalize(target)) : posix.join('models--x/blobs', target)
  const key = relative.startsWith('blobs/') ? relative.slice('blobs/'.length) : ''
  return isPayloadKey(key) ? key : null
}
