import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { createHome } from '../cli/home'

const token = 'hf_abcdefghijklmnopqrstuvwxyz'
let home: ReturnType<typeof createHome>
let hub: FakeHub
beforeEach(async () => {
  home = createHome()
  hub = await startFakeHub({ tokens: { [token]: 'ada', hf_ofafriendofadasxxxxxxxxxx: 'bob' } })
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

async function run(args: string[], { input, env = {} }: { input?: string; env?: Record<string, string> } = {}) {
  const result = await mlxk([...args, '--json'], {
    env: { ...home.env, HF_ENDPOINT: hub.url, ...env },
    ...(input === undefined ? {} : { input }),
  })
  for (const text of [result.stdout, result.stderr]) expect(text).not.toContain(token)
  const document = JSON.parse(result.stdout) as { data: Record<string, unknown> | null; error: Record<string, unknown> | null }
  return { code: result.code, ...document }
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('a token of the Hub', () => {
  it('is stored when the Hub knows it, is in one private file only, and is forgotten again', async () => {
    expect(await run(['whoami'])).toMatchObject({ code: 1, error: { type: 'unauthorized' } })
    expect(await run(['login'], { input: `${token}\n` })).toMatchObject({
      code: 0,
      data: { name: 'ada', role: 'read', in_effect: true },
    })
    expect(await run(['whoami'])).toMatchObject({ code: 0, data: { name: 'ada', source: 'store' } })
    const holders = filesBelow(home.root).filter((file) => readFileSync(file, 'latin1').includes(token))
    expect(holders).toEqual([join(home.data, 'secrets.json')])
    expect(await run(['logout'])).toMatchObject({ code: 0, data: { removed: true, remaining_source: null } })
    expect(existsSync(join(home.data, 'secrets.json'))).toBe(false)
    expect(await run(['logout'])).toMatchObject({ data: { removed: false } })
  })

  it('that the Hub does not know is not stored', async () => {
    expect(await run(['login'], { input: 'hf_unknownunknownunknown' })).toMatchObject({
      code: 1,
      error: { type: 'access_denied', hint: expect.stringContaining('expired') },
    })
    expect(await run(['whoami'])).toMatchObject({ error: { type: 'unauthorized' } })
  })

  it.each(['', '\n', 'two words', 'a\u0000b'])('cannot be %j', async (input) => {
    expect(await run(['login'], { input })).toMatchObject({ code: 1, error: { type: 'invalid_input' } })
    expect(hub.log).toEqual([])
  })

  it("of the environment or huggingface_hub's file comes first, and is left alone", async () => {
    await run(['login'], { input: token })
    const file = join(home.root, 'hf', 'token')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'hf_ofafriendofadasxxxxxxxxxx\n')
    const env = { HF_TOKEN_PATH: file }
    expect(await run(['whoami'], { env })).toMatchObject({ data: { name: 'bob', source: 'token_file' } })
    expect(await run(['logout'], { env })).toMatchObject({ data: { removed: true, remaining_source: 'token_file' } })
    expect(readFileSync(file, 'utf8')).toBe('hf_ofafriendofadasxxxxxxxxxx\n')
    expect(await run(['whoami'], { env: { ...env, HF_TOKEN: token } })).toMatchObject({
      data: { name: 'ada', source: 'environment' },
    })
  })
})
