import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/**
 * Every test file gets homes of its own, and HOME itself points there too: code that forgets the variables still cannot reach the
 * user's cache or data folder.
 */
const home = mkdtempSync(join(tmpdir(), 'mlxk-test-'))
for (const name of Object.keys(process.env)) {
  if (/^(HF_|HUGGING|MLXK_(?!TEST)|XDG_|TRANSFORMERS_|NO_COLOR$|FORCE_COLOR$)/.test(name)) delete process.env[name]
}
process.env['HOME'] = home
process.env['HF_HOME'] = join(home, 'hf')
process.env['MLXK_HOME'] = join(home, 'data')
process.env['MLXK_TEST_GUARD'] = '1'

afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }))
