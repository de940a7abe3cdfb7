import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { findLayout } from '../../../src/main/core/system'
import { ensureTestEngine } from '../../setup/engine'

const run = promisify(execFile)
const folder = join(findLayout(import.meta.dirname).resources, 'engine')
let python = ''
beforeAll(async () => {
  python = await ensureTestEngine()
})

function events(output: string): Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line): Record<string, unknown> => JSON.parse(line))
}

describe('the launcher', () => {
  it('reports each patch that does not fit a version of mlx_lm, and goes on', async () => {
    const script = `
import sys, types
sys.path.insert(0, ${JSON.stringify(folder)})
sys.dont_write_bytecode = True
from mlxk_engine import patches
patches.after_import(types.SimpleNamespace(), {"token": "", "context": 5, "stats_s": 0})
print("still here", file=sys.stderr)`
    const { stdout, stderr } = await run(python, ['-I', '-c', script])
    const degraded = events(stdout).filter(({ event }) => event === 'degraded')
    expect(degraded.map(({ patch }) => patch)).toEqual([
      'generate',
      'load',
      'checks',
      'one_model',
      'images',
      'exact_hit',
      'no_delay',
      'usage',
    ])
    expect(stderr).toContain('still here')
  })

  it('ends with 71 and the reason when the server cannot start', async () => {
    const child = run(python, ['-I', '-u', join(folder, 'launcher.py'), '--host', '256.1.1.1', '--port', '0'])
    const failure: unknown = await child.catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 71 })
    expect(failure).toHaveProperty('stdout', expect.stringContaining('"event":"fatal"'))
  })

  it('ends at once when its stdin ends, also before anything is imported', async () => {
    const child = spawn(python, ['-I', '-u', join(folder, 'launcher.py')], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.end()
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect({ code, output }).toEqual({ code: 0, output: '' })
  })
})
