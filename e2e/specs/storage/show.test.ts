import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ModelDetail } from '../../../src/shared/contract'
import { mlxk, mlxkOnTerminal } from '../../drivers/cli'
import { danglingLink, healthyFiles, healthyModel, safetensorsFile, writeModel } from '../../fixtures/cache'
import { createCacheHome, type CacheHome } from '../interop/support'
import { ask } from './support'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const weights = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })
const size = (files: Record<string, string | Buffer>): number =>
  Object.values(files).reduce((sum, content) => sum + Buffer.from(content).length, 0)

let home: CacheHome
beforeEach(() => {
  home = createCacheHome()
  return () => home.remove()
})

const show = async (...args: string[]): Promise<ModelDetail> =>
  (await ask<ModelDetail>(home, ['show', ...args], { form: '--json=full' })).data
const people = (...args: string[]) => mlxk(['show', ...args], { env: home.env })
const statesOf = ({ files }: ModelDetail): Record<string, string> =>
  Object.fromEntries(files.map(({ path, hash_state: state }) => [path, state]))

describe('show', () => {
  it('knows the revisions with their refs and sizes, and which blobs others use', async () => {
    writeModel(home.hub, 'org/two', { commit: A, ref: 'v1', files: weights(16) })
    writeModel(home.hub, 'org/two', { commit: B, files: weights(32) })
    const { revisions, files } = await show('org/two')
    const shared = size(weights(32)) - safetensorsFile(32).length
    expect(revisions).toEqual([
      { hash: A, refs: ['v1'], chosen: false, files: 5, size_bytes: size(weights(16)), shared_bytes: shared },
      { hash: B, refs: ['main'], chosen: true, files: 5, size_bytes: size(weights(32)), shared_bytes: shared },
    ])
    expect(files.filter(({ shared_with: others }) => others.join() === A)).toHaveLength(4)
    expect(files.find(({ path }) => path === 'model.safetensors')?.shared_with).toEqual([])
    const { stdout } = await people('org/two', '--files')
    expect(stdout).toMatch(/^Refs: +main$/m)
    expect(stdout).toMatch(/^Revision +Refs +Files +Size +Shared\naaaaaaa +v1 +5 .*\nbbbbbbb \* +main +5 /m)
    expect(stdout).toMatch(/^config\.json +\d+ B +config +not yet +aaaaaaa$/m)
  })

  it('tells of every file whether its hash is verified, not yet, or damaged', async () => {
    const { snapshot } = healthyModel(home.hub, 'org/m')
    writeFileSync(join(snapshot, 'own.txt'), 'no hash says what this should be')
    expect(new Set(Object.values(statesOf(await show('org/m'))))).toEqual(new Set(['not_checked', 'unverifiable']))
    expect((await people('org/m')).stdout).toMatch(/^Verified: +0 of 5 files \(the rest: mlxk verify org\/m\)$/m)

    await mlxk(['verify', 'org/m'], { env: home.env })
    expect(statesOf(await show('org/m'))).toMatchObject({ 'model.safetensors': 'verified', 'own.txt': 'unverifiable' })
    expect((await people('org/m')).stdout).toMatch(/^Verified: +5 of 5 files$/m)

    // Other bytes at another time: what was verified is no longer there.
    const path = join(snapshot, 'model.safetensors')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    utimesSync(path, statSync(path).atime, new Date(1_700_000_000_000))
    expect(statesOf(await show('org/m'))).toMatchObject({ 'model.safetensors': 'not_checked', 'config.json': 'verified' })

    await mlxk(['verify', 'org/m'], { env: home.env })
    expect(statesOf(await show('org/m'))).toMatchObject({ 'model.safetensors': 'damaged', 'config.json': 'verified' })
    const { stdout } = await people('org/m', '--files')
    expect(stdout).toMatch(/^Verified: +4 of 5 files, 1 damaged$/m)
    expect(stdout).toMatch(/^model\.safetensors .* damaged$/m)
    expect(stdout).toMatch(/Problems\n {2}error: model\.safetensors is damaged: .*\n {2}Mend it: mlxk repair org\/m --dry-run/)
  })

  it('says every problem once, with what mends it or why nothing does', async () => {
    const { repo } = danglingLink(home.hub, 'org/broken')
    writeFileSync(join(repo, 'blobs', 'e'.repeat(40)), 'nobody')
    const { stdout } = await people('org/broken')
    expect(stdout.match(/its link leads to nothing/g)).toHaveLength(1)
    expect(stdout).toMatch(/error: .*\n {2}warning: .*"mlxk prune" removes it\.\n {2}Mend what can be mended: mlxk repair/)
  })

  it.each([
    ['is missing', 'This revision has no config.json.'],
    ['holds no object', 'config.json is there, but it holds no JSON object.'],
  ])('--config says so when config.json %s, instead of printing null', async (how, sentence) => {
    const { snapshot } = writeModel(home.hub, 'org/m', { files: healthyFiles({ 'config.json': '[]' }) })
    if (how === 'is missing') rmSync(join(snapshot, 'config.json'))
    const { code, stdout, stderr } = await people('org/m', '--config')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/^null$/m)
    expect(stderr).toContain(sentence)
    expect((await ask(home, ['show', 'org/m', '--config'])).data).toMatchObject({ config: null })
  })

  it.each([40, 60, 80])('--files fits %i columns', async (columns) => {
    writeModel(home.hub, 'org/m', { files: { ...healthyFiles(), [`${'long-'.repeat(20)}end.txt`]: 'x' } })
    const { screen } = await mlxkOnTerminal(['show', 'org/m', '--files', '--no-color'], { env: home.env, columns })
    const table = screen.slice(screen.indexOf('File ')).trim().split('\r\n')
    expect(table).toHaveLength(7)
    for (const line of table) expect(line.length).toBeLessThanOrEqual(columns)
    expect(table.join('\n')).toMatch(/long-.*….*end\.txt/)
  })
})
