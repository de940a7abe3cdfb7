import { en, type Messages } from './en'

export type { Messages }

const catalogue: Record<string, Messages> = { en }

/** The first of the wanted languages that exists, else English. */
export function chooseMessages(wanted: readonly string[]): Messages {
  for (const tag of wanted) {
    const found = catalogue[tag.toLowerCase().split('-')[0] ?? '']
    if (found !== undefined) return found
  }
  return en
}
