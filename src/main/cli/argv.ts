/**
 * How a result is printed: for people; as mlx-knife's envelope; as the same envelope with our full types; as JSON Lines with progress;
 * or flat (`mlxk2 CMD`).
 */
export type OutputMode = 'human' | 'envelope' | 'full' | 'stream' | 'flat'
export type ProgramName = 'mlxk' | 'mlxk2'

/** What holds for every command, read from argv before it is parsed: a usage error must already know how to print itself. */
export interface Globals {
  mode: OutputMode
  color: boolean
  /** argv without the global options. */
  rest: string[]
  /** A sentence when a global option itself is wrong. */
  problem: string | null
}

const jsonModes: Record<string, OutputMode> = { '--json': 'envelope', '--json=full': 'full', '--json=stream': 'stream' }

/** `--json[=MODE]` and `--no-color` count anywhere before `--`. The last `--json` wins. */
export function parseGlobals(argv: readonly string[], program: ProgramName): Globals {
  const globals: Globals = { mode: program === 'mlxk2' ? 'flat' : 'human', color: true, rest: [], problem: null }
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  for (const word of argv.slice(0, end)) {
    const mode = Object.hasOwn(jsonModes, word) ? jsonModes[word] : undefined
    if (mode !== undefined) globals.mode = mode
    else if (word.startsWith('--json=')) {
      globals.mode = 'envelope'
      globals.problem = `"${word}" is not a form of JSON output. Use --json, --json=full or --json=stream.`
    } else if (word === '--no-color') globals.color = false
    else globals.rest.push(word)
  }
  globals.rest.push(...argv.slice(end))
  return globals
}

/** The first word that is no option: what the user meant as the command. */
export function findCommandWord(rest: readonly string[]): string | null {
  for (const word of rest) {
    if (word === '--') return null
    if (!word.startsWith('-')) return word
  }
  return null
}
