/**
 * 64 bits over words, for telling by accident changed data apart; no protection against anybody who means to deceive. In plain code since
 * loading `node:crypto` costs a short command more than everything that it checks.
 * @param rest of what is no whole word
 * @returns 16 hex digits
 */
export function checksum(words: Uint32Array, rest = 0): string {
  let a = 0x811c9dc5 ^ words.length
  let b = 0x9e3779b9
  // As plain as can be, and no iterator: a short command ends before the loop is compiled.
  for (let index = 0; index < words.length; index += 1) {
    a = Math.imul(a ^ (words[index] ?? 0), 0x01000193)
    b = (Math.imul(b, 31) + a) | 0
  }
  a = finish(a ^ b ^ Math.imul(rest, 0x9e3779b1))
  b = finish(Math.imul(b, 0x27d4eb2f) ^ a ^ rest)
  return hex(a) + hex(b)
}

function finish(sum: number): number {
  let mixed = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
