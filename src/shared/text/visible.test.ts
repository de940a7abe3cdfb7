import { expect, it } from 'vitest'
import { toVisible } from './visible'

it.each([
  ['simple\u202Egnp', 'simple‹U+202E›gnp'],
  ['zero\u200Bwidth\uFEFF', 'zero‹U+200B›width‹U+FEFF›'],
  ['a\nb\u0000c\u009Bd', 'a‹U+000A›b‹U+0000›c‹U+009B›d'],
  ['two\u00A0spaces\u3000', 'two‹U+00A0›spaces‹U+3000›'],
  ['tag\u{E0041}', 'tag‹U+E0041›'],
  ['\uD800 alone', '\uD800 alone'],
])('%j is shown as %s', (name, shown) => expect(toVisible(name)).toBe(shown))

it.each(['mlx-community/Llama-3.2-1B-Instruct-4bit', 'مودل', 'דגם', '模型', 'naïve model', 'é', ''])('%j stays as it is', (name) =>
  expect(toVisible(name)).toBe(name),
)
