import type { Difference } from './compare'

/** A difference that is meant, and why. `docs/json/differences.md` is made from this table. */
export interface MeantDifference {
  id: string
  /** Where it shows. */
  where: string
  theirs: string
  ours: string
  why: string
  covers: (difference: Difference) => boolean
}

const verdict = /^data\.(models\[\]|model)\.(health|runtime_compatible|reason)$/
const entry = /^data\.(healthy|unhealthy)\[\]/
const summary = /^data\.summary\./
const isText = (value: unknown): value is string => typeof value === 'string'

const of =
  (...models: string[]) =>
  ({ model }: Difference): boolean =>
    model !== null && models.includes(model)
const at =
  (...paths: RegExp[]) =>
  ({ path }: Difference): boolean =>
    paths.some((each) => each.test(path))
const all =
  (...tests: ((difference: Difference) => boolean)[]) =>
  (difference: Difference): boolean =>
    tests.every((test) => test(difference))
const value = ({ kind }: Difference): boolean => kind === 'value'

export const meantDifferences: readonly MeantDifference[] = [
  {
    id: 'wording',
    where: '`reason` of a model that both find fault with, `reason` of `health`',
    theirs: '`No model weights found`, `Model is healthy`',
    ours: '`No weight files are there.`, `Nothing is wrong with it.`',
    why: 'The same verdict in our own words, which name the file.',
    covers: ({ path, kind, theirs, ours }) => kind === 'value' && path.endsWith('.reason') && isText(theirs) && isText(ours),
  },
  {
    id: 'no-ref',
    where: '`reason` of a healthy model without `refs/main`',
    theirs: '`null`',
    ours: 'a sentence',
    why: 'The model loads, so it is `healthy`; but other tools do not find it by its name, and `hf cache prune` offers to delete it.',
    covers: all(value, at(/\.reason$/), of('mlx-community/No-Refs-4bit'), ({ theirs }) => theirs === null),
  },
  {
    id: 'truncated',
    where: '`health`, `runtime_compatible`, `reason` of a model whose weights end too early',
    theirs: '`healthy`',
    ours: '`unhealthy`',
    why: 'The header of a safetensors file says how long the file must be. Loading a shorter one fails.',
    covers: all(at(verdict, entry), of('mlx-community/Truncated-4bit')),
  },
  {
    id: 'chosen-revision',
    where: 'every key of a model whose newest revision is incomplete while `refs/main` names a complete one',
    theirs: 'the newest folder',
    ours: 'the revision that `refs/main` names',
    why: 'What `main` names is what every library loads; a half download beside it does no harm.',
    covers: all(
      at(verdict, entry, /^data\.(models\[\]|model)\.(hash|size_bytes)$/, /^data\.files\[\]/),
      ({ model, path }) => model === 'org/two-revisions' || path.startsWith('data.files[]'),
    ),
  },
  {
    id: 'mlx-header',
    where: '`framework`, `runtime_compatible`, `reason` of an unquantized MLX model without a model card',
    theirs: '`PyTorch`, not compatible',
    ours: '`MLX`, compatible',
    why: 'MLX writes `format: mlx` into the header of its safetensors files. Models fetched by mlx_lm have no model card.',
    covers: all(value, at(verdict, /\.framework$/), of('org/unmarked')),
  },
  {
    id: 'engine-missing',
    where: '`runtime_compatible`, `reason` while no engine is installed',
    theirs: 'asks the mlx-lm in its own environment',
    ours: '`true` if nothing else speaks against it, with a reason that says so',
    why: 'Which architectures can run is asked of the engine that would run them, not of a list in the program.',
    covers: all(
      value,
      at(verdict),
      ({ model, ours }) => model === 'org/unknown-architecture' || (isText(ours) && ours.startsWith('Not checked')),
    ),
  },
  {
    id: 'foreign-file',
    where: '`unhealthy` of `health`, for a plain file named `models--…` in the cache folder',
    theirs: 'an unhealthy model that `list` does not have',
    ours: 'not listed',
    why: 'A file is no model. `list` and `health` speak of the same models.',
    covers: all(({ kind }) => kind === 'only in theirs', of('a/file')),
  },
  {
    id: 'summary',
    where: '`summary` of `health`',
    theirs: 'counts of its lists',
    ours: 'counts of ours',
    why: 'Follows from the verdicts above.',
    covers: all(value, at(summary)),
  },
  {
    id: 'rm-error-facts',
    where: '`data` of an `rm` that failed; `matches`, `lock_files`, `available_hashes`, `model` of its `error`',
    theirs: 'a skeleton in `data`, with the candidates and lock files in it',
    ours: '`data` is `null`; the facts stand in `error`',
    why: 'Every command fails in the same form.',
    covers: ({ path, kind, theirs, ours }) =>
      (path === 'data' && ours === null && typeof theirs === 'object' && theirs !== null && 'lock_files_cleaned' in theirs) ||
      (kind === 'only in ours' && /^error\.(matches|lock_files|available_hashes|model)$/.test(path)),
  },
  {
    id: 'rm-revision',
    where: '`message` of `rm NAME@hash`',
    theirs: '`Deleted NAME@hash`; all revisions go',
    ours: 'says whether it was the last one',
    why: 'Only the revision that was named goes, with what only it used; the model goes with its last one.',
    covers: all(value, at(/^data\.message$/), ({ ours }) => isText(ours) && ours.endsWith(' was its last revision')),
  },
  {
    id: 'rm-unknown-hash',
    where: '`error.type` of `rm NAME@hash` when the model has no such revision',
    theirs: '`model_not_found`',
    ours: '`hash_not_found`',
    why: 'The model is there; the answer says which revisions it has.',
    covers: ({ path, theirs, ours }) => path === 'error.type' && theirs === 'model_not_found' && ours === 'hash_not_found',
  },
  {
    id: 'unknown-model',
    where: '`health NAME` of a name that fits no model',
    theirs: 'success with empty lists, exit code 0',
    ours: 'error `model_not_found`, exit code 1',
    why: 'A typing mistake must not look like a clean bill of health.',
    covers: ({ path, theirs, ours }) =>
      (path === 'status' && theirs === 'success' && ours === 'error') || ((path === 'error' || path === 'data') && theirs !== ours),
  },
  {
    id: 'error-words',
    where: '`error.message`, `error.hint`',
    theirs: 'a message',
    ours: 'a message of our own, and a hint that says what to do next',
    why: 'mlx-knife’s schema leaves `error` open for more keys.',
    covers: ({ path }) => path === 'error.message' || path === 'error.hint',
  },
  {
    id: 'sorted-matches',
    where: '`error.matches` of an ambiguous name',
    theirs: 'in the order of the folder',
    ours: 'sorted',
    why: 'The same call gives the same answer on every disk.',
    covers: ({ path, kind }) => path === 'error.matches[]' && kind === 'value',
  },
  {
    id: 'version',
    where: '`cli_version`, `system` of `--version`',
    theirs: '`2.0.7`; `null` except on macOS',
    ours: 'our version; the memory on every system',
    why: 'It is another program, and it runs on Linux, too.',
    covers: ({ path }) => path === 'data.cli_version' || path === 'data.system',
  },
  {
    id: 'local-time',
    where: '`last_modified` outside of UTC',
    theirs: 'local time with a `Z`',
    ours: 'UTC',
    why: '`Z` means UTC.',
    covers: ({ path, kind }) => path.endsWith('.last_modified') && kind === 'value',
  },
]

/** Odd caches (by title) on which mlx-knife prints `InternalError` and not one model. */
export const losesEverything: readonly string[] = [
  'a link to a blob that is gone',
  'a link that leads to itself',
  'a file in place of snapshots/',
  'a config that is a list',
  'a config that is not UTF-8',
]

/** `docs/json/differences.md`. */
export function renderDifferences(): string {
  const rows = meantDifferences.map(({ where, theirs, ours, why }) => `| ${where} | ${theirs} | ${ours} | ${why} |`)
  return `# Where \`--json\` differs from mlx-knife 2.0.7

The documents of \`mlxk list\`, \`show\`, \`health\`, \`rm\` and \`--version\` with \`--json\` have the keys and types that mlx-knife prints on the
same cache. A test runs both programs on the same caches and fails on every difference that is not in this table.

| where | mlx-knife | ours | why |
|---|---|---|---|
${rows.join('\n')}

When one model of the cache has one of these, mlx-knife prints \`InternalError\` and no model at all. Ours lists every model, the odd one with
its reason:

${losesEverything.map((title) => `- ${title}`).join('\n')}
`
}
