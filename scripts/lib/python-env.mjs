import { run } from './run.mjs'

/** Runs a step. @throws Error with the end of its output */
export async function step(program, args, options = {}) {
  const { code, output } = await run(program, args, { capture: true, timeoutMs: 15 * 60_000, ...options })
  if (code !== 0)
    throw new Error(`${[program, ...args].join(' ')} ended with ${code}: ${output.trim().split('\n').slice(-5).join('\n')}`)
  return output
}

/** An interpreter that can make environments: that of the engine for the tests, else the system's. */
export async function findPython() {
  const candidates = [process.env.MLXK_TEST_PYTHON, 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3']
  for (const python of candidates.filter(Boolean)) {
    const script = 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))'
    if ((await run(python, ['-c', script], { capture: true })).code === 0) return python
  }
  throw new Error('no Python 3.10 or newer with ensurepip was found')
}
