#!/usr/bin/env node
// Writes what is published about our JSON into docs/json: the schemas of `--json=full`, `--json=stream` and `mlxk2`, made from the
// contract, and the table of differences to mlx-knife. `--check` writes nothing, and names the files that are out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vite'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')

/** Loads TypeScript sources of the checkout, without a build. */
async function loadSources(...paths) {
  const sources = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  })
  try {
    return await Promise.all(paths.map((path) => sources.ssrLoadModule(join(root, path))))
  } finally {
    await sources.close()
  }
}

/** The three schemas, by file name. @param documents `src/shared/contract/documents.ts` */
function buildSchemas({ commandData, commandError, helpResult, named, streamProgress }) {
  const names = z.registry()
  for (const [id, schema] of Object.entries(named)) names.add(schema, { id })
  const words = (command) => (command === 'serve' ? ['serve', 'server'] : [command])
  const commands = Object.entries(commandData)
  const answers = ([command, data]) => (command === 'help' ? [data] : [...(data.options ?? [data]), helpResult])

  const success = (frame) =>
    commands.map(([command, data]) =>
      z.strictObject({
        ...frame,
        status: z.literal('success'),
        command: z.enum(words(command)),
        data: z.union(answers([command, data])),
        error: z.null(),
      }),
    )
  const failure = (frame) =>
    z.strictObject({
      ...frame,
      status: z.literal('error'),
      command: z.string().nullable().describe('The word that was typed; null when no command was understood.'),
      data: z.null(),
      error: commandError,
    })
  const flat = commands.flatMap((entry) => answers(entry).map((data) => data.extend({ error: z.null() })))
  const result = { type: z.literal('result') }

  const files = {
    'full.schema.json': ['The document of `mlxk COMMAND --json=full`.', z.union([...success({}), failure({})])],
    'stream.schema.json': [
      'One line of `mlxk COMMAND --json=stream`. The last line is the result.',
      z.union([...success(result), failure(result), ...streamProgress.options]),
    ],
    'mlxk2.schema.json': [
      'The document of `mlxk2 COMMAND`: the data of a command and `error`, flat.',
      z.union([...flat, z.strictObject({ error: commandError })]),
    ],
  }
  return Object.entries(files).map(([file, [title, schema]]) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, { metadata: names, io: 'output' })
    return [file, `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`]
  })
}

const [documents, differences] = await loadSources('src/shared/contract/documents.ts', 'e2e/specs/differential/differences.ts')
const folder = join(root, 'docs', 'json')
const wanted = [...buildSchemas(documents), ['differences.md', differences.renderDifferences()]]
mkdirSync(folder, { recursive: true })
const current = (file) => {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return null
  }
}
const stale = wanted.filter(([file, text]) => current(file) !== text)
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.log(`docs/json/${file} is out of date: node scripts/json-schemas.mjs`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [file, text] of stale) writeFileSync(join(folder, file), text)
  console.log(`docs/json: ${stale.length} of ${wanted.length} files written`)
}
