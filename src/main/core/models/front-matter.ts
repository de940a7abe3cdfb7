function clean(text: string): string {
  return text.trim().replace(/^(['"])(.*)\1$/, '$2')
}

/** Values of `key` in the YAML head of a model card: `key: a`, `key: [a, b]` or a list below it. Quotes removed. */
export function readFrontMatter(readme: string, key: string): string[] {
  const lines = readme.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (lines[0]?.trim() !== '---') return []
  const end = lines.findIndex((line, index) => index > 0 && line.trim() === '---')
  const head = lines.slice(1, end === -1 ? undefined : end)
  const start = head.findIndex((line) => line.startsWith(`${key}:`))
  if (start === -1) return []
  const inline = (head[start] ?? '').slice(key.length + 1).trim()
  if (inline !== '')
    return inline
      .replace(/^\[(.*)\]$/, '$1')
      .split(',')
      .map(clean)
      .filter(Boolean)
  const values: string[] = []
  for (const line of head.slice(start + 1)) {
    const item = /^\s*-\s+(.*)$/.exec(line)
    if (item === null) break
    values.push(clean(item[1] ?? ''))
  }
  return values
}
