export interface Counting {
  /** 1,234 */
  number: (value: number) => string
  /** The form of a word for a count. */
  plural: (count: number, forms: { one: string; other: string }) => string
  /** The count and the word: `3 models`. */
  counted: (count: number, forms: { one: string; other: string }) => string
}

/** Numbers and plurals inside of a catalogue's sentences, by the rules of its language. */
export function createCounting(locale: string): Counting {
  const rules = new Intl.PluralRules(locale)
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const plural: Counting['plural'] = (count, forms) => (rules.select(count) === 'one' ? forms.one : forms.other)
  return {
    number: (value) => whole.format(value),
    plural,
    counted: (count, forms) => `${whole.format(count)} ${plural(count, forms)}`,
  }
}
