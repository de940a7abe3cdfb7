import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finish, type CliResult } from '../../drivers/process'
import { projectFile } from '../../setup/build'

/** A checkout in small: the real bin files and freshness check, over a builder that only notes that it ran. */
let root: string
const builds = (): number => (existsSync(join(root, 'builds')) ? readFileSync(join(root, 'builds'), 'utf8').length : 0)

const builder = `
const fs = require('node:fs'), path = require('node:path'), root = process.cwd()
const { fingerprint, writeStamp } = require(path.join(root, 'scripts/lib/build-if-stale.cjs'))
const sources = fingerprint()
fs.appendFileSync(path.join(root, 'builds'), '.')
if (fs.readFileSync(path.join(root, 'src/cli.js'), 'utf8').includes('SYNTAX ERROR')) { console.error('cli.js is wrong'); process.exit(1) }
fs.mkdirSync(path.join(root, 'out/main'), { recursive: true })
fs.copyFileSync(path.join(root, 'src/cli.js'), path.join(root, 'out/main/cli.cjs'))
console.log('a line of the builder on stdout')
writeStamp(sources)
`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlxk-checkout-'))
  for (const folder of ['bin', 'scripts/lib', 'src', 'node_modules/electron-vite/bin', 'node_modules/@photostructure']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  cpSync(projectFile('bin'), join(root, 'bin'), { recursive: true })
  cpSync(projectFile('scripts/lib/build-if-stale.cjs'), join(root, 'scripts/lib/build-if-stale.cjs'))
  symlinkSync(projectFile('node_modules/@photostructure/sqlite'), join(root, 'node_modules/@photostructure/sqlite'))
  writeFileSync(join(root, 'node_modules/electron-vite/bin/electron-vite.js'), builder)
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'electron.vite.config.ts'), '')
  writeFileSync(join(root, 'src/cli.js'), `console.log('one')`)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const mlxkHere = (): Promise<CliResult> =>
  finish(spawn(process.execPath, [join(root, 'bin/mlxk.cjs')], { stdio: ['ignore', 'pipe', 'pipe'] }))

describe('mlxk from a checkout', () => {
  it('builds when nothing is built, talks on stderr only, and not again', async () => {
    expect(await mlxkHere()).toMatchObject({ code: 0, stdout: 'one\n', stderr: 'Building MLX Knife…\n' })
    expect(await mlxkHere()).toMatchObject({ code: 0, stdout: 'one\n', stderr: '' })
    expect(builds()).toBe(1)
  })

  it('builds again when a source was changed, added or removed, but not for a test', async () => {
    await mlxkHere()
    writeFileSync(join(root, 'src/cli.js'), `console.log('two!')`)
    expect((await mlxkHere()).stdout).toBe('two!\n')
    writeFileSync(join(root, 'src/more.ts'), '')
    await mlxkHere()
    expect(builds()).toBe(3)
    rmSync(join(root, 'src/more.ts'))
    await mlxkHere()
    expect(builds()).toBe(4)
    writeFileSync(join(root, 'src/more.test.ts'), '')
    await mlxkHere()
    expect(builds()).toBe(4)
  })

  it('builds once when two are started at once', async () => {
    const results = await Promise.all([mlxkHere(), mlxkHere(), mlxkHere()])
    for (const result of results) expect(result).toMatchObject({ code: 0, stdout: 'one\n' })
    expect(builds()).toBe(1)
  })

  it('says that the build failed, and exits 1 with nothing on stdout', async () => {
    writeFileSync(join(root, 'src/cli.js'), 'SYNTAX ERROR')
    const { code, stdout, stderr } = await mlxkHere()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('cli.js is wrong')
    expect(stderr).toContain('The build failed.')
  })

  it('names the command when the packages are missing', async () => {
    rmSync(join(root, 'node_modules'), { recursive: true })
    const { code, stderr } = await mlxkHere()
    expect(code).toBe(1)
    expect(stderr).toContain('npm ci')
  })
})

describe('mlxk from an installed package', () => {
  it('never builds, even when it finds sources beside it', async () => {
    const installed = join(root, 'node_modules', 'mlx-knife')
    cpSync(join(root, 'bin'), join(installed, 'bin'), { recursive: true })
    cpSync(join(root, 'scripts'), join(installed, 'scripts'), { recursive: true })
    mkdirSync(join(installed, 'src'))
    mkdirSync(join(installed, 'out/main'), { recursive: true })
    writeFileSync(join(installed, 'out/main/cli.cjs'), `console.log('installed')`)
    const child = spawn(process.execPath, [join(installed, 'bin/mlxk2.cjs')], { stdio: ['ignore', 'pipe', 'pipe'] })
    expect(await finish(child)).toMatchObject({ code: 0, stdout: 'installed\n', stderr: '' })
    expect(builds()).toBe(0)
  })
})
