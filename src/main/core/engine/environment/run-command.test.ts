import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { spawnGroup } from '../process/system'
import { runCommand } from './run-command'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-run-'))
  writeFileSync(join(folder, 'file'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = () => ({ env: {}, signal: new AbortController().signal, timeoutMs: 10_000 })
const tooLong = 'x'.repeat(3_000_000)

it.each([
  ['a program that is not there', (): [string, string[]] => [join(folder, 'python'), []], 'ENOENT'],
  ['a program below a file', (): [string, string[]] => [join(folder, 'file', 'python'), []], 'ENOTDIR'],
  ['arguments that no system takes', (): [string, string[]] => [process.execPath, [tooLong]], 'E2BIG'],
])('%s is a failed command, told with its reason, and no exception', async (_, make, reason) => {
  const { code, lines } = await runCommand(...make(), options())
  expect(code).toBeNull()
  expect(lines.join('\n')).toContain(reason)
})

it('an engine that the system refuses to start is engine_load_failed', () => {
  expect(() => spawnGroup(join(folder, 'file', 'python'), [], { cwd: folder, env: {} })).toThrowError(
    expect.objectContaining({ code: 'engine_load_failed', message: expect.stringContaining('ENOTDIR') as string }) as Error,
  )
})
