import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * The interpreter that tests run mlx_lm with: `MLXK_TEST_PYTHON`, else the environment that our own installer makes once in
 * `.cache/engine-home` of the checkout.
 */
export async function ensureTestEngine(): Promise<string> {
  const given = process.env['MLXK_TEST_PYTHON']
  if (given !== undefined && given !== '') return given
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'setup-engine.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 15 * 60_000 })
  return stdout.trim()
}
