import type { SnapshotFacts } from '../health'
import { toConfig, type Identity } from './identity'

/** Why the engine cannot run a healthy model. `custom_code` is refused for safety, not for lack of ability. */
export interface RuntimeProblem {
  kind: 'custom_code' | 'incompatible'
  reason: string
}

function incompatible(reason: string): RuntimeProblem {
  return { kind: 'incompatible', reason }
}

/** mlx_lm loads `model*.safetensors` at the top of the snapshot and nothing else. */
const LOADABLE = /^model[^/]*\.safetensors$/

/**
 * What speaks against running a healthy model, the first that does: its framework, what it is for, the names of its weights, its own code
 * (which the user may trust), its architecture's name missing. Which architectures the engine knows is the engine's to say.
 */
export function findRuntimeProblem(identity: Identity, facts: SnapshotFacts): RuntimeProblem | null {
  const config = toConfig(facts.json['config.json'])
  if (identity.framework !== 'MLX')
    return incompatible(`The engine runs MLX models, and this one is ${toArticle(identity.framework)}.`)
  if (identity.model_type === 'embedding') return incompatible('It makes embeddings, and the engine generates text.')
  if (identity.model_type === 'audio') return incompatible('It works on audio, and the engine generates text.')
  if (!facts.files.some(({ path }) => LOADABLE.test(path))) {
    return incompatible('Its weight files have an old naming that mlx_lm does not load (it wants model*.safetensors).')
  }
  const modelFile = config['model_file']
  if (modelFile !== undefined && modelFile !== null) {
    return {
      kind: 'custom_code',
      reason: `config.json asks to run code of its own (model_file: ${JSON.stringify(modelFile).slice(0, 80)}).`,
    }
  }
  return identity.architecture === null ? incompatible('config.json does not name a model_type.') : null
}

function toArticle(framework: Identity['framework']): string {
  if (framework === 'Unknown') return 'of an unknown kind'
  return framework === 'PyTorch' ? 'a PyTorch model' : 'a GGUF model'
}
