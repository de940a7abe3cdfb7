import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/**
 * Every test file gets homes of its own, and HOME itself points there too: code that forgets the variables still cannot reach the
 * user's cache or data folder. What tries all the same is stopped by the guard, in this process and in every Node program it starts.
 * Temporary folders are made below it, so that they go with it whatever a test forgets.
 */
const user = userInfo().homedir
const home = mkdtempSync(join(tmpdir(), 'mlxk-test-'))
const guard = join(import.meta.dirname, 'guard.cjs')

for (const name of Object.keys(process.env)) {
  if (/^(HF_|HUGGING|MLXK_(?!TEST)|MLXK2_|XDG_|TRANSFORMERS_|NO_COLOR$|FORCE_COLOR$)/.test(name)) delete process.env[name]
}
process.env['MLXK_TEST_GUARD'] = JSON.stringify([
  join(user, '.cache', 'huggingface'),
  join(user, '.local', 'share', 'mlx-knife'),
  join(user, 'Library', 'Application Support', 'MLX Knife'),
])
process.env['NODE_OPTIONS'] = `--require ${JSON.stringify(guard)}`
process.env['HOME'] = home
mkdirSync(join(home, 'tmp'))
// Some tests read as nobody what lies below it.
chmodSync(home, 0o711)
process.env['TMPDIR'] = join(home, 'tmp')
process.env['HF_HOME'] = join(home, 'hf')
process.env['MLXK_HOME'] = join(home, 'data')
createRequire(import.meta.url)(guard)

afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }))
