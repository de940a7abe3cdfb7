import { de } from './de'
import { en, type Messages } from './en'

export type { Messages }

/** The languages of the window, each under its own name. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const catalogue: Record<Language, Messages> = { en, de }

export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(catalogue, value)
}

/** The first of the wanted languages (`de-AT`, `en`) that exists, else English. */
export function chooseMessages(wanted: readonly string[]): Messages {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0]
    if (isLanguage(language)) return catalogue[language]
  }
  return en
}

/** The words of a language by its name. */
export const messagesOf = (language: Language): Messages => catalogue[language]
