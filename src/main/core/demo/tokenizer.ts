/** The characters that stand for bytes in a byte-level vocabulary (GPT-2's table): printable bytes are themselves, the rest is shifted. */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let shifted = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : shifted++))
}

export interface Vocabulary {
  /** Entry → id, as in tokenizer.json. */
  entries: Record<string, number>
  /** Entries that are recognised whole in a prompt; `special` ones never appear in decoded text. */
  added: { id: number; content: string; special: boolean }[]
  size: number
  /** Ids of the pieces, in the order given. */
  pieceIds: number[]
  newlineId: number
}

export const END_OF_TEXT = '<|endoftext|>'
export const TURN_START = '<|im_start|>'
export const TURN_END = '<|im_end|>'

/** Tags that mlx_lm looks for as single tokens, such as `<think>` and `<tool_call>`. */
const TAG = /^<\/?[a-z_]+>$/

/**
 * Three special tokens, the 256 bytes, then the pieces. Ordinary pieces are plain vocabulary that no merge ever leads to: a prompt is
 * always bytes, only the model itself can say a piece.
 */
export function buildVocabulary(pieces: readonly (string | Uint8Array)[]): Vocabulary {
  const alphabet = byteAlphabet()
  const entries: Record<string, number> = {}
  let size = 0
  const add = (entry: string): number => (entries[entry] ??= size++)
  const added = [END_OF_TEXT, TURN_START, TURN_END].map((content) => ({ id: add(content), content, special: true }))
  for (const character of alphabet) add(character)
  const pieceIds = pieces.map((piece) => {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece
    if (typeof piece !== 'string' || !TAG.test(piece)) return add(Array.from(bytes, (byte) => alphabet[byte] ?? '').join(''))
    const id = add(piece)
    added.push({ id, content: piece, special: false })
    return id
  })
  return { entries, added, size, pieceIds, newlineId: entries[alphabet[10] ?? ''] ?? 0 }
}

/** `tokenizer.json` of a byte-level BPE tokenizer without merges. */
export function tokenizerJson(vocabulary: Vocabulary): object {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: vocabulary.added.map(({ id, content, special }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabulary.entries,
      merges: [],
    },
  }
}

/** ChatML. A closed, empty thought when the caller switched thinking off and the model would think. */
export function chatTemplate(thinks: boolean): string {
  const turn = `'${TURN_START}' + message['role'] + '\\n' + (message['content'] or '') + '${TURN_END}\\n'`
  const noThought = thinks ? `{% if enable_thinking is defined and not enable_thinking %}{{ '<think></think>' }}{% endif %}` : ''
  return (
    `{% for message in messages %}{{ ${turn} }}{% endfor %}` +
    `{% if add_generation_prompt %}{{ '${TURN_START}assistant\\n' }}${noThought}{% endif %}`
  )
}

/** `tokenizer_config.json`. */
export function tokenizerConfigJson(template: string, contextLength: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: TURN_END,
    pad_token: END_OF_TEXT,
    model_max_length: contextLength,
    clean_up_tokenization_spaces: false,
    add_bos_token: false,
    chat_template: template,
  }
}
