import { cutIntoPieces } from './pieces'
import { buildVocabulary, chatTemplate, END_OF_TEXT, tokenizerConfigJson, tokenizerJson, TURN_END, TURN_START } from './tokenizer'
import { encodeSafetensors, nextTokenModel } from './weights'

/** One token: a text, or bytes that need not be whole characters. */
type Piece = string | Uint8Array

/** A text is cut into words; a list is taken as it is, one token each (no `\n` alone: it starts the answer). */
type Script = string | readonly Piece[]

export interface ScriptedModelSpec {
  /** Repo id, `org/name`. */
  name: string
  /** What the model answers, whatever it is asked. */
  script: Script
  /** What it thinks first, between `<think>` and `</think>`. */
  thinking?: Script
  /** What it repeats after `script` until a token limit ends it. */
  loop?: Script
  /** `max_position_embeddings`, tokens. Default 4096. */
  contextLength?: number
  /** Instead of ChatML. */
  template?: string
  /** Text of the model card. */
  about?: string
}

/** Path in the snapshot → content. */
export type ModelFiles = Map<string, Buffer>

const keyOf = (piece: Piece): string => (typeof piece === 'string' ? piece : `\0${Buffer.from(piece).toString('hex')}`)

/** All pieces in the order they are said, and where a loop begins. */
function arrangePieces(spec: ScriptedModelSpec): { pieces: Piece[]; loopStart: number | null } {
  const used = new Set<string>()
  const cut = (script: Script | undefined): Piece[] => {
    if (typeof script === 'string') return cutIntoPieces(script, used)
    for (const piece of script ?? []) used.add(keyOf(piece))
    return [...(script ?? [])]
  }
  const thought = spec.thinking === undefined ? [] : ['<think>', ...cut(spec.thinking), '</think>']
  const before = [...thought, ...cut(spec.script)]
  const pieces = [...before, ...cut(spec.loop)]
  if (new Set(pieces.map(keyOf)).size !== pieces.length) throw new Error(`the pieces of ${spec.name} must all be different`)
  if (pieces.includes('\n') || pieces.includes(''))
    throw new Error(`the pieces of ${spec.name} hold one that is empty or a newline`)
  if (pieces.length === 0) throw new Error(`${spec.name} has nothing to say`)
  return { pieces, loopStart: pieces.length > before.length ? before.length : null }
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8')
}

function card(spec: ScriptedModelSpec): Buffer {
  const title = spec.name.slice(spec.name.lastIndexOf('/') + 1)
  const about = spec.about ?? 'Answers one fixed text, whatever it is asked.'
  return Buffer.from(
    `---\nlicense: apache-2.0\nlibrary_name: mlx\npipeline_tag: text-generation\ntags:\n- mlx\n- demo\n---\n\n# ${title}\n\n${about}\n\n` +
      'A real llama model in 32-bit floats, small enough to write in a moment: its output matrix is a table of next tokens.\n',
    'utf8',
  )
}

/**
 * The files of a real llama model for mlx_lm that says exactly its script at any temperature up to about 4, with any prompt.
 * @throws Error when explicit pieces repeat
 */
export function buildScriptedModel(spec: ScriptedModelSpec): ModelFiles {
  const { pieces, loopStart } = arrangePieces(spec)
  const vocabulary = buildVocabulary(pieces)
  const { pieceIds } = vocabulary
  const first = pieceIds[0] ?? 0
  const endOfTurn = vocabulary.entries[TURN_END] ?? 0
  const afterLast = loopStart === null ? endOfTurn : (pieceIds[loopStart] ?? endOfTurn)
  const next = new Map(pieceIds.map((id, index) => [id, pieceIds[index + 1] ?? afterLast]))
  const model = nextTokenModel(vocabulary.size, next, first)

  const contextLength = spec.contextLength ?? 4096
  const weights = encodeSafetensors(model.tensors)
  const totalSize = [...model.tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
  const special = {
    bos_token_id: vocabulary.entries[TURN_START],
    eos_token_id: endOfTurn,
    pad_token_id: vocabulary.entries[END_OF_TEXT],
  }
  return new Map([
    ['README.md', card(spec)],
    ['config.json', json({ ...model.config, ...special, max_position_embeddings: contextLength })],
    ['generation_config.json', json({ eos_token_id: endOfTurn })],
    ['model.safetensors', weights],
    [
      'model.safetensors.index.json',
      json({
        metadata: { total_size: totalSize },
        weight_map: Object.fromEntries([...model.tensors.keys()].sort().map((name) => [name, 'model.safetensors'])),
      }),
    ],
    ['tokenizer.json', json(tokenizerJson(vocabulary))],
    ['tokenizer_config.json', json(tokenizerConfigJson(spec.template ?? chatTemplate(spec.thinking !== undefined), contextLength))],
  ])
}
