import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Homes of one test file: nothing outside of `root` is looked at. */
export interface TestHome {
  root: string
  hub: string
  data: string
  env: Record<string, string>
  remove: () => void
}

export function createHome(): TestHome {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-cli-'))
  const hub = join(root, 'hf', 'hub')
  const data = join(root, 'data')
  mkdirSync(hub, { recursive: true })
  return {
    root,
    hub,
    data,
    // No test asks a Hub that is not its own.
    env: { HOME: root, HF_HOME: join(root, 'hf'), MLXK_HOME: data, HF_ENDPOINT: 'http://127.0.0.1:9' },
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}
