/**
 * Characters that a name can hide behind: controls, what has no width, what turns the direction of writing, other spaces than the common one,
 * and blanks that are letters (Unicode: General_Category Cc, Cf and Z, Default_Ignorable_Code_Point, and the empty Braille pattern).
 */
const HIDDEN = /(?! )[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** A name with its hidden characters shown by their numbers, as in `model‹U+202E›`: two names that differ never look the same. */
export function toVisible(name: string): string {
  return name.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
  })
}
