import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../../../shared/errors'

const maxConfigBytes = 4 * 1024 * 1024

/**
 * A config.json that names `model_file` makes mlx_lm import that Python file (CVE-2026-5843). The launcher refuses it once more, but
 * such a model should not come near Python at all.
 * @throws AppError custom_code_refused
 */
export async function refuseCustomCode(name: string, snapshotPath: string): Promise<void> {
  const config = await readConfig(join(snapshotPath, 'config.json'))
  if (typeof config !== 'object' || config === null || !('model_file' in config) || config.model_file === null) return
  throw new AppError('custom_code_refused', `${name} wants to run Python code of its own ("model_file" in its config.json).`, {
    hint: 'MLX Knife does not run code that a model brings. Choose another model.',
    data: { model: name },
  })
}

async function readConfig(path: string): Promise<unknown> {
  try {
    const file = await open(path)
    try {
      if ((await file.stat()).size > maxConfigBytes) return null
      const value: unknown = JSON.parse(await file.readFile('utf8'))
      return value
    } finally {
      await file.close()
    }
  } catch {
    // A folder that cannot be read fails in the engine, with mlx_lm's own reason.
    return null
  }
}
