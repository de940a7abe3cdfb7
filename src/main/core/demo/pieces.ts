/**
 * Cuts a text into pieces that are all different, and different from everything in `used`: a word with the space before it, or a few
 * words where one word would repeat. A scripted model knows only its last token, so a repeated piece would send it back in the text.
 * Joined, the pieces are the text again. `used` is extended.
 */
export function cutIntoPieces(text: string, used: Set<string>): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
    piece += word
    // One character alone is a token of the alphabet already.
    if (piece.length < 2 || used.has(piece)) continue
    used.add(piece)
    pieces.push(piece)
    piece = ''
  }
  // What is left over repeats earlier words: it goes to the piece before it, until that is something new.
  while (piece !== '' && pieces.length > 0) {
    const last = pieces.pop() ?? ''
    used.delete(last)
    piece = last + piece
    if (used.has(piece)) continue
    used.add(piece)
    pieces.push(piece)
    piece = ''
  }
  if (piece !== '') throw new Error(`this text cannot be cut into pieces of its own: ${JSON.stringify(text.slice(0, 40))}`)
  return pieces
}
