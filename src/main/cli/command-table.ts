import type { CliCommand } from './command'

interface CommandEntry {
  summary: string
  load: () => Promise<CliCommand>
}

/** The commands in the order of `mlxk --help`. Each is loaded only when it was typed. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  list: { summary: 'List the models in the cache', load: async () => (await import('./commands/list')).list },
  show: { summary: 'Show everything about one model', load: async () => (await import('./commands/show')).show },
  health: {
    summary: 'Check that models are complete and can be loaded',
    load: async () => (await import('./commands/health')).health,
  },
  verify: {
    summary: 'Compare every byte of the models with its hash',
    load: async () => (await import('./commands/verify')).verify,
  },
  repair: {
    summary: 'Mend a model: fetch only what is bad or missing',
    load: async () => (await import('./commands/repair')).repair,
  },
  rm: { summary: 'Remove models, or single revisions of them', load: async () => (await import('./commands/rm')).rm },
  du: { summary: 'Say what takes the space', load: async () => (await import('./commands/du')).du },
  prune: { summary: 'Remove what only costs space', load: async () => (await import('./commands/prune')).prune },
  pull: { summary: 'Fetch a model, or go on with one that was begun', load: async () => (await import('./commands/pull')).pull },
  import: {
    summary: 'Take a model folder into the cache without a second copy',
    load: async () => (await import('./commands/import')).importCommand,
  },
  downloads: {
    summary: 'Show and change what is being fetched',
    load: async () => (await import('./commands/downloads')).downloads,
  },
  outdated: { summary: 'Say which models have a newer revision', load: async () => (await import('./commands/outdated')).outdated },
  update: { summary: 'Fetch the newest revision of models', load: async () => (await import('./commands/outdated')).update },
  search: {
    summary: 'Find models on the Hub, and whether they run here',
    load: async () => (await import('./commands/search')).search,
  },
  trust: { summary: 'Let a model run the code that it brings', load: async () => (await import('./commands/trust')).trust },
  run: { summary: 'Ask a model something, or chat with it', load: async () => (await import('./commands/run')).run },
  chat: { summary: 'Chat with a model on the terminal', load: async () => (await import('./commands/chat')).chat },
  serve: { summary: 'Serve the models on an OpenAI-compatible API', load: async () => (await import('./commands/serve')).serve },
  ps: { summary: 'Show the loaded models', load: async () => (await import('./commands/ps')).ps },
  load: { summary: 'Load a model before somebody asks it', load: async () => (await import('./commands/load')).load },
  unload: { summary: 'Unload models', load: async () => (await import('./commands/unload')).unload },
  stop: { summary: 'End the MLX Knife that runs', load: async () => (await import('./commands/stop')).stop },
  ui: { summary: 'Open the interface in a browser', load: async () => (await import('./commands/ui')).ui },
  config: { summary: 'Read and change settings and API keys', load: async () => (await import('./commands/config')).config },
  engine: {
    summary: 'Install, update or remove mlx_lm, or say in what state it is',
    load: async () => (await import('./commands/engine')).engine,
  },
  demo: { summary: 'Try everything with a tiny built-in model', load: async () => (await import('./commands/demo')).demo },
  doctor: {
    summary: 'Explain what is set up, what is missing and how to mend it',
    load: async () => (await import('./commands/doctor')).doctor,
  },
  login: { summary: 'Keep a token of the Hub', load: async () => (await import('./commands/account')).login },
  logout: { summary: 'Forget the token of the Hub', load: async () => (await import('./commands/account')).logout },
  whoami: { summary: 'Say who the Hub takes you for', load: async () => (await import('./commands/account')).whoami },
  version: { summary: 'Print the version', load: async () => (await import('./commands/version')).versionCommand },
}

const aliases: Readonly<Record<string, string>> = { server: 'serve' }

/** Commands that are announced but not in this version, with what does the job today (null: nothing does). */
const planned: Readonly<Record<string, string | null>> = {
  report: 'Until then: "mlxk doctor --json" says what is set up.',
  service: null,
  completion: null,
}

/** Commands of mlx-knife that are not ours, with the tool that is. */
const foreign: Readonly<Record<string, string>> = {
  clone: 'Use "hf download MODEL --local-dir FOLDER".',
  convert: 'Use "mlx_lm.convert --hf-path MODEL".',
  push: 'Use "hf upload MODEL FOLDER".',
  embed: 'Use the Python package mlx-embeddings.',
  'embed-serve': 'Use the Python package mlx-embeddings.',
}

export type CommandWord =
  | { kind: 'built'; name: string; entry: CommandEntry }
  | { kind: 'planned'; instead: string | null }
  | { kind: 'foreign'; instead: string }
  | { kind: 'unknown' }

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** What a typed word stands for. */
export function lookUpCommand(word: string): CommandWord {
  const name = own(aliases, word) ?? word
  const entry = own(commands, name)
  if (entry !== undefined) return { kind: 'built', name, entry }
  const instead = own(planned, word)
  if (instead !== undefined) return { kind: 'planned', instead }
  const other = own(foreign, word)
  return other === undefined ? { kind: 'unknown' } : { kind: 'foreign', instead: other }
}

/** The built command that is at most two letters away from a mistyped one, else null. */
export function suggestCommand(word: string): string | null {
  let best: { name: string; distance: number } | null = null
  for (const name of [...Object.keys(commands), 'help']) {
    const distance = editDistance(word.slice(0, 20), name)
    if (distance <= 2 && distance < name.length - 1 && (best === null || distance < best.distance)) best = { name, distance }
  }
  return best?.name ?? null
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[b.length] ?? 0
}
