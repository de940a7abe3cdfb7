/** Below what one call may carry. */
const MOST_CHARACTERS = 8_000_000

/**
 * A file of conversations in pieces that one call can carry. Whatever is not such a file goes as it is: its reader says what is wrong
 * with it.
 */
export function splitImport(text: string, most = MOST_CHARACTERS): string[] {
  if (text.length <= most) return [text]
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    return [text.slice(0, most)]
  }
  if (typeof file !== 'object' || file === null || !('chats' in file) || !Array.isArray(file.chats)) return [text.slice(0, most)]
  const { chats, ...head } = file as { chats: unknown[] }
  const parts: string[] = []
  let open: string[] = []
  let size = 0
  const close = (): void => {
    if (open.length > 0) parts.push(`${JSON.stringify(head).slice(0, -1)},"chats":[${open.join(',')}]}`)
    open = []
    size = 0
  }
  for (const chat of chats) {
    const json = JSON.stringify(chat)
    if (size + json.length > most) close()
    open.push(json)
    size += json.length
  }
  close()
  return parts
}
