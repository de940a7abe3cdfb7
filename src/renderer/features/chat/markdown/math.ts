/**
 * Formulas as models write them, in the one form that the Markdown reader knows. A single `$` counts only as Pandoc has it: no space
 * inside, nothing like a word or number behind it, so that prices and shell variables stay text.
 */
const PARTS =
  /(?<code>(`+)(?!`)[\s\S]*?[^`]\2(?!`))|(?<escaped>\\[\\$])|\\\[(?<display>[\s\S]+?)\\\]|\\\((?<inline>[\s\S]+?)\\\)|(?<double>\$\$[\s\S]+?\$\$)|(?<!\$)\$(?<single>[^\s$](?:[^$\n]{0,300}?[^\s$\\])?)\$(?![\w$])/g

export function toMathMarkdown(text: string): string {
  if (!text.includes('$') && !text.includes('\\(') && !text.includes('\\[')) return text
  return text.replace(PARTS, (whole: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>
    const { display, inline, double, single } = groups
    if (display !== undefined) return `\n$$\n${display.trim()}\n$$\n`
    if (inline !== undefined) return `$$${inline.trim()}$$`.replaceAll('\n', ' ')
    if (single !== undefined) return `$$${single}$$`
    // On a line of its own it is a formula by itself.
    if (double !== undefined && double.includes('\n')) return `\n$$\n${double.slice(2, -2).trim()}\n$$\n`
    return whole
  })
}
