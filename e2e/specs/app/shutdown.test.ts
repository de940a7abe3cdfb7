import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { install, startDaemon } from './support'

const folder = install()
const home = mkdtempSync(join(tmpdir(), 'mlxk-shutdown-'))
afterAll(() => {
  for (const path of [folder, home]) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
})

/** An interpreter that fails when it is asked first, and hangs afterwards. */
function writeInterpreter(lines: string): string {
  const file = join(home, 'python')
  writeFileSync(file, `#!/bin/sh\n${lines}\n`)
  chmodSync(file, 0o755)
  return file
}

test('ends within five seconds though a program that it asks does not answer', async () => {
  const python = writeInterpreter('exit 1')
  const daemon = await startDaemon(folder, join(home, 'data'), { MLXK_PYTHON: python })
  writeInterpreter(`touch '${home}/asked'; exec sleep 60`)
  const status = daemon.client.call('engine.status', {}).catch((error: unknown) => error)
  await expect.poll(() => existsSync(join(home, 'asked')), { timeout: 10_000 }).toBe(true)
  daemon.process.kill('SIGTERM')
  expect(await Promise.race([daemon.ended, sleep(5000, 'still there')])).toBe(0)
  expect(await status).toMatchObject({ code: expect.stringMatching(/^(server_shutdown|connection_lost)$/) })
})
