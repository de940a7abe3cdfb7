import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Appearance } from '../../shared/contract'
import { createFormatters, type Formatters } from '../lib/format'
import { isLanguage, messagesOf, type Messages } from '../lib/messages'
import type { WindowMemory } from '../lib/memory'

/** The window's words and numbers, which may change while it is open. */
export interface Speech {
  t: Messages
  format: Formatters
}

export type SpeechStore = StoreApi<Speech>

export interface SpeechDeps {
  /** Of the system. */
  messages: Messages
  /** For numbers and dates in a language: as the person has set them, as long as the words are of that language. */
  localeOf: (language: string) => string
}

export function createSpeech({ messages, localeOf }: SpeechDeps): {
  store: SpeechStore
  speak: (language: Appearance['language']) => void
} {
  const of = (t: Messages): Speech => ({ t, format: createFormatters(localeOf(t.locale), t.time) })
  const store = createStore<Speech>(() => of(messages))
  return {
    store,
    speak: (language) => {
      const t = language === 'system' ? messages : messagesOf(language)
      if (t !== store.getState().t) store.setState(of(t))
    },
  }
}

const themes: ReadonlySet<unknown> = new Set(['system', 'light', 'dark'])

/** What the window before this one looked like; as the system has it when that is not known. */
export function readAppearance(memory: Pick<WindowMemory, 'read'>): Appearance {
  const [theme, language] = (memory.read('appearance') ?? '').split(' ')
  return {
    theme: themes.has(theme) ? (theme as Appearance['theme']) : 'system',
    language: isLanguage(language) ? language : 'system',
  }
}

/** Nothing is kept of what is the default anyway. */
export function keepAppearance(memory: WindowMemory, { theme, language }: Appearance): void {
  const text = `${theme} ${language}`
  if (text !== 'system system' || memory.read('appearance') !== null) memory.write('appearance', text)
}
