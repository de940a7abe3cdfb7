// Writes the packages that the product contains, with their versions and licences, for the window's About page.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuiltin } from 'node:module'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'src', 'renderer', 'features', 'settings', 'licences.json')

const packageOf = (name) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

/** Packages that the sources of the product import, by name. */
function importedPackages() {
  const names = new Set()
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(name) || /\.test\.tsx?$|testing\/|test-/.test(name)) continue
    const text = readFileSync(join(root, 'src', name), 'utf8')
    for (const [, from] of text.matchAll(/^(?:import|export)\s(?!type\b)[^'"]*?from '([^'.][^']*)'/gm))
      if (!isBuiltin(from) && from !== 'electron') names.add(packageOf(from))
  }
  return names
}

const manifestOf = (name) => {
  try {
    return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
  } catch {
    return null
  }
}

/** The same with everything that they need themselves. */
export function listPackages() {
  const found = new Map()
  const queue = [...importedPackages(), 'tailwindcss']
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (found.has(name) || name.startsWith('@types/')) continue
    const manifest = manifestOf(name)
    if (manifest === null) continue
    const { version, license } = manifest
    found.set(name, { name, version, licence: typeof license === 'string' ? license : 'see package' })
    if (name !== 'tailwindcss') queue.push(...Object.keys(manifest.dependencies ?? {}))
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = listPackages()
  writeFileSync(target, `${JSON.stringify(packages, null, 2)}\n`)
  console.log(`${packages.length} packages`)
}
