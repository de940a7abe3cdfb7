import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toRepoFolder } from '../cache'
import { removeRepo, writeRepo, type WrittenRepo } from './repo-writer'
import { buildScriptedModel, type ScriptedModelSpec } from './scripted-model'

/** Also the only names under which `removeDemoModels` removes anything. */
const ORGANIZATION = 'mlx-knife-demo'

const demoModels = [
  {
    name: `${ORGANIZATION}/hello-fp32`,
    script:
      'Hello from MLX Knife! I am a tiny demo model, written to your disk a moment ago by plain Node code, and run by the real mlx_lm engine.' +
      ' Whatever you ask, my answer never changes: every word you read here is one token of a fixed script.' +
      ' That makes me useless as a thinker but perfect as a test: if this text reached you, then the cache, the engine, the server and your' +
      ' client all work together. Load a proper model next and keep it healthy. Have fun!',
    contextLength: 8192,
    about: 'Answers with one friendly text, whatever it is asked. It shows that everything between your question and mlx_lm works.',
  },
  {
    name: `${ORGANIZATION}/counting-fp32`,
    script: 'I count sheep until somebody or some limit stops me.',
    loop:
      ' One sheep jumps over the fence, two sheep follow, three more look up, four of them yawn, five fall asleep, six start to snore,' +
      ' seven dream, eight wake again, nine walk back around, ten wait in line. Once more from the beginning!',
    contextLength: 4096,
    about: 'Counts sheep and never ends by itself: good for trying token limits, the stop button and cancelled requests.',
  },
  {
    name: `${ORGANIZATION}/thinking-fp32`,
    thinking:
      'Somebody asked me something. I am a scripted model, so I cannot know what it was. Still, a good answer has a thought before it;' +
      ' let me pretend to weigh both sides carefully, find neither convincing, and settle for honesty.',
    script:
      'I thought about it first, and here is the result: this reply was fixed long before your question.' +
      ' The part above, which your client may fold away, is the reasoning; these sentences are the answer.',
    contextLength: 8192,
    about: 'Thinks between <think> and </think>, then answers: shows how reasoning is kept apart from the answer.',
  },
] as const satisfies readonly ScriptedModelSpec[]

export const demoModelNames: readonly string[] = demoModels.map(({ name }) => name)

async function demoFolders(hubDir: string): Promise<string[]> {
  try {
    return (await readdir(hubDir)).filter((name) => name.startsWith(toRepoFolder(`${ORGANIZATION}/`)))
  } catch {
    return []
  }
}

/** Writes one scripted model into a cache: see `ScriptedModelSpec`. Idempotent. @throws Error when explicit pieces repeat */
export function writeScriptedModel(hubDir: string, spec: ScriptedModelSpec): Promise<WrittenRepo> {
  return writeRepo(hubDir, spec.name, buildScriptedModel(spec))
}

/**
 * Writes the demo models, mends half-written ones, removes those of an older version. Nothing is rewritten when all is well.
 * @throws a file system error (ENOSPC, EACCES…) as it is
 */
export async function writeDemoModels(hubDir: string): Promise<WrittenRepo[]> {
  const written: WrittenRepo[] = []
  for (const spec of demoModels) written.push(await writeScriptedModel(hubDir, spec))
  const wanted = new Set(demoModelNames.map(toRepoFolder))
  for (const folder of await demoFolders(hubDir)) if (!wanted.has(folder)) await removeRepo(hubDir, folder)
  return written
}

/** Removes the demo models, and the cache folder itself if nothing else is in it. No error when there are none. */
export async function removeDemoModels(hubDir: string): Promise<void> {
  for (const folder of await demoFolders(hubDir)) await removeRepo(hubDir, folder)
  const rest = await readdir(hubDir).catch(() => null)
  if (rest === null || rest.some((name) => name !== 'CACHEDIR.TAG')) return
  await rm(join(hubDir, 'CACHEDIR.TAG'), { force: true })
  await rmdir(hubDir)
}
