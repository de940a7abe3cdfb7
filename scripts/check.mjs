// `npm run check`: types, lint, format, dependency rule, dead code, published schemas, lock file. Prints one line per check, and the output of those that fail.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { findMissingOptional } from './lib/lock-file.mjs'
import { run, tool } from './lib/run.mjs'

const cruise = (...args) => run(tool('depcruise'), ['src', ...args], { capture: true })

/** One planted file per rule of .dependency-cruiser.cjs: a rule that does not fire on its plant is no rule. */
const plants = [
  ['unknown-folder', 'src/elsewhere/x.ts', `import '../shared/errors'\n`],
  ['unknown-orphan', 'src/elsewhere/orphan.ts', `export const x = 1\n`],
  [
    'cycle',
    'src/shared/text/plant-a.ts',
    `export * from './plant-b'\n`,
    'src/shared/text/plant-b.ts',
    `export * from './plant-a'\n`,
  ],
  ['electron', 'src/main/core/system/plant.ts', `import { app } from 'electron'\nexport const x = app\n`],
  ['shared-is-pure', 'src/shared/text/plant.ts', `export * from '../../main/core/system'\n`],
  ['shared-no-node', 'src/shared/text/plant.ts', `export * from 'node:fs'\n`],
  ['core', 'src/main/core/system/plant.ts', `export * from '../../app'\n`],
  ['core-by-its-face', 'src/main/core/models/plant.ts', `export * from '../system/paths'\n`],
  ['core-by-its-face-outside', 'src/main/server/http/plant.ts', `export * from '../../core/system/paths'\n`],
  ['server', 'src/main/server/http/plant.ts', `export * from '../../app'\n`],
  ['cli', 'src/main/cli/plant.ts', `export * from '../index'\n`],
  ['preload', 'src/preload/plant.ts', `export * from '../main/app'\n`],
  ['renderer-no-node', 'src/renderer/plant.ts', `export * from 'node:fs'\n`],
  ['renderer-no-main', 'src/renderer/plant.ts', `export * from '../main/app'\n`],
  ['contract-types-only', 'src/renderer/plant.ts', `export { contract } from '../shared/contract'\n`],
]

async function checkTypeScript() {
  const version = await run(tool('tsc'), ['-v'], { capture: true })
  if (!version.output.includes('Version 7.')) return `tsc is ${version.output.trim()}, expected TypeScript 7`
  const types = await run(tool('tsc'), ['-b', '--noEmit'], { capture: true })
  return types.code === 0 ? null : types.output
}

async function checkLint() {
  const lint = await run(tool('oxlint'), ['--type-aware', '--deny-warnings'], { capture: true })
  return lint.code === 0 ? null : lint.output
}

async function checkFormat() {
  const format = await run(tool('oxfmt'), ['--check'], { capture: true })
  return format.code === 0 ? null : `${format.output}\nnpm run format mends it.`
}

async function checkDependencies() {
  const real = await cruise('--output-type', 'err')
  if (real.code !== 0) return real.output
  const counted = JSON.parse((await cruise('--output-type', 'json')).output.replace(/^[^{]*/, ''))
  // Without a TypeScript that it can drive, dependency-cruiser passes having read nothing.
  return counted.summary.totalCruised > 50 ? null : `only ${counted.summary.totalCruised} modules were read`
}

/** Plants all violations at once, in one cruise, and removes them. */
async function checkPlants() {
  const written = []
  try {
    for (const [rule, ...pairs] of plants) {
      for (let index = 0; index < pairs.length; index += 2) {
        const path = pairs[index].replace(/(plant|x|orphan)(-[ab])?\.ts$/, (name) =>
          name.startsWith('plant-') ? name : `${rule}-${name}`,
        )
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, pairs[index + 1])
        written.push(path)
      }
    }
    const { output } = await cruise('--output-type', 'json')
    const fired = new Set(JSON.parse(output.replace(/^[^{]*/, '')).summary.violations.map((violation) => violation.rule.name))
    const silent = plants.map(([rule]) => rule).filter((rule) => !fired.has(rule))
    return silent.length === 0 ? null : `rules that a planted violation did not trip: ${silent.join(', ')}`
  } finally {
    for (const path of written) rmSync(path, { force: true })
    rmSync('src/elsewhere', { recursive: true, force: true })
  }
}

async function checkDeadCode() {
  const dead = await run(tool('knip'), ['--no-progress'], { capture: true })
  return dead.code === 0 ? null : dead.output
}

async function checkLockFile() {
  const missing = findMissingOptional(JSON.parse(readFileSync('package-lock.json', 'utf8')))
  return missing.length === 0 ? null : `not locked for another platform:\n${missing.join('\n')}`
}

async function checkPublishedSchemas() {
  const schemas = await run(process.execPath, ['scripts/json-schemas.mjs', '--check'], { capture: true })
  return schemas.code === 0 ? null : schemas.output
}

const checks = {
  types: checkTypeScript,
  lint: checkLint,
  format: checkFormat,
  'dependency rule': checkDependencies,
  'dependency rule, planted violations': checkPlants,
  'dead code': checkDeadCode,
  'published JSON schemas': checkPublishedSchemas,
  'lock file': checkLockFile,
}

process.chdir(dirname(import.meta.dirname))
const started = performance.now()
let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const from = performance.now()
  const problem = await check()
  const seconds = ((performance.now() - from) / 1000).toFixed(1)
  console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  if (problem !== null) {
    failed += 1
    console.log(problem)
  }
}
console.log(
  `check: ${Object.keys(checks).length - failed} passed, ${failed} failed in ${((performance.now() - started) / 1000).toFixed(1)} s`,
)
process.exitCode = failed === 0 ? 0 : 1
