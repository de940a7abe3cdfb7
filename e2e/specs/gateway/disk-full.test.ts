import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { NativeStatus } from '../../../src/shared/openai'
import { startMlxk } from '../../drivers/cli'
import { end, firstLine } from '../../drivers/process'
import { writeFakePython, writeFaultyModel } from '../../fakes/engine'
import { projectFile } from '../../setup/build'
import { createHome, type TestHome } from '../cli/home'

let home: TestHome
let server: ChildProcess | null = null
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await end(server)
  home.remove()
})

// Which file a descriptor is of, only Linux tells.
it.skipIf(process.platform !== 'linux')(
  'a disk that is full for the log: clients see nothing of it, and the status says that the log is not written',
  async () => {
    await writeFaultyModel(home.hub, 'test/plain', { say: 'All is well.' })
    const env = {
      ...home.env,
      MLXK_PYTHON: writeFakePython(join(home.root, 'bin')),
      NODE_OPTIONS: `--require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`,
      MLXK_TEST_FAULTS: JSON.stringify({ fail: [{ path: join('logs', 'mlxk.log'), code: 'ENOSPC', ops: ['write'] }] }),
    }
    server = startMlxk(['serve', '--port', '0', '--json'], { env })
    const { data } = JSON.parse(await firstLine(server)) as { data: { url: string } }
    const body = JSON.stringify({ model: 'test/plain', messages: [{ role: 'user', content: 'Hi' }] })
    for (let round = 0; round < 3; round += 1) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const response = await fetch(`${data.url}/v1/chat/completions`, init)
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('All is well.')])
    }
    const status = (await (await fetch(`${data.url}/api/v1/status`)).json()) as NativeStatus
    expect(status).toMatchObject({ log: 'failing', models: [{ name: 'test/plain', state: 'ready' }] })
    expect(readFileSync(join(home.data, 'logs', 'mlxk.log'), 'utf8')).toBe('')
  },
)
