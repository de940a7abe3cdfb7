import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../../../shared/errors'
import { writeScriptedModel } from '../../demo'
import type { Env } from '../../system'
import { commandEnvironment } from './command-environment'
import { pythonOf, remove } from './managed'
import type { CommandResult, RunCommand } from './run-command'

/** What the model of the self-test says, whatever it is asked. */
export const selfTestAnswer = 'This engine works.'

const said = z.object({
  answer: z.string(),
  python: z.string(),
  mlx: z.string(),
  mlx_lm: z.string(),
  transformers: z.string(),
  site_packages: z.string(),
})

export interface SelfTestDeps {
  env: Env
  engineFolder: string
  resources: string
  run: RunCommand
}

/** Versions of a working environment, and where its packages are; else what its Python said. */
export type SelfTestResult = { works: true; facts: Omit<z.infer<typeof said>, 'answer'> } | { works: false; result: CommandResult }

/**
 * Looks whether every file of every package is there, imports all that an engine imports (which also compiles it), and asks a real
 * model a question: one of our demo's, written for the purpose and removed again.
 * @throws AppError engine_install_failed (it answers something else), cancelled; a file system error as it is
 */
export async function selfTest(deps: SelfTestDeps, folder: string, signal: AbortSignal): Promise<SelfTestResult> {
  const scratch = await mkdtemp(join(deps.engineFolder, 'self-test-'))
  try {
    const { snapshotPath } = await writeScriptedModel(scratch, { name: 'mlx-knife-demo/self-test', script: selfTestAnswer })
    const result = await deps.run(pythonOf(folder), ['-I', join(deps.resources, 'engine', 'self_test.py'), snapshotPath], {
      env: { ...commandEnvironment(deps.env), HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
      signal,
      timeoutMs: 10 * 60_000,
      cwd: folder,
    })
    if (result.code !== 0) return { works: false, result }
    const parsed = said.safeParse(parse(result.stdout.trim().split('\n').at(-1) ?? ''))
    if (parsed.success && parsed.data.answer === selfTestAnswer) {
      const { answer: _answer, ...facts } = parsed.data
      return { works: true, facts }
    }
    throw new AppError('engine_install_failed', 'The engine was installed and starts, but a model does not answer as it must.', {
      hint: 'Run: mlxk engine install. If it happens again, please report it.',
      data: { said: parsed.success ? parsed.data.answer : null, log: result.lines.slice(-30) },
    })
  } finally {
    await remove(scratch)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
