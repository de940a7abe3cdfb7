/** Lines as they are typed, put together to what is meant. */
export interface LineAssembler {
  /** The whole text when this line ends it, null while more is to come. */
  push: (line: string) => string | null
  /** True in the middle of a text of several lines. */
  isOpen: () => boolean
  /** Forgets what was begun. */
  reset: () => void
}

const fence = '"""'

/** A line is a text, unless it ends in a backslash (the next line belongs to it) or begins with `"""` (until the next `"""`). */
export function createLineAssembler(): LineAssembler {
  let lines: string[] = []
  let fenced = false
  const finish = (): string => {
    const text = lines.join('\n')
    lines = []
    fenced = false
    return text
  }
  return {
    isOpen: () => fenced || lines.length > 0,
    reset: () => void finish(),
    push: (line) => {
      if (fenced) {
        const end = line.trimEnd()
        if (!end.endsWith(fence)) {
          lines.push(line)
          return null
        }
        if (end !== fence) lines.push(end.slice(0, -fence.length))
        return finish()
      }
      if (lines.length === 0 && line.trimStart().startsWith(fence)) {
        const rest = line.trimStart().slice(fence.length)
        if (rest.trimEnd().endsWith(fence)) return rest.trimEnd().slice(0, -fence.length)
        fenced = true
        if (rest !== '') lines.push(rest)
        return null
      }
      if (line.endsWith('\\')) {
        lines.push(line.slice(0, -1))
        return null
      }
      lines.push(line)
      return finish()
    },
  }
}
