/** A tensor of 32-bit floats, rows first. */
export interface Tensor {
  shape: readonly number[]
  data: Float32Array
}

/** Encodes a safetensors file: header length, JSON header padded to 8 bytes, then the raw little-endian data. */
export function encodeSafetensors(tensors: ReadonlyMap<string, Tensor>): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'mlx' } }
  let end = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }
    end += data.byteLength
  }
  const json = JSON.stringify(header)
  const padded = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8, ' '), 'latin1')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  const data = [...tensors.values()].map((tensor) =>
    Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
  )
  return Buffer.concat([length, padded, ...data])
}

export interface NextTokenModel {
  config: Record<string, unknown>
  tensors: Map<string, Tensor>
}

const HEAD_DIM = 8
const INTERMEDIATE = 8
/** Logit of the wanted token is this times the root of the hidden size; all others are 0. Certain at any usual temperature. */
const CERTAINTY = 16

/**
 * A one-layer llama that is a table: `next` maps a token to the one that follows it, any token without an entry is followed by `first`.
 * Attention and MLP are zero, so the hidden state is the last token's embedding: one axis for each token with an entry, axis 0 for all
 * the others. The output matrix turns an axis into the next token.
 */
export function nextTokenModel(vocabularySize: number, next: ReadonlyMap<number, number>, first: number): NextTokenModel {
  const axes = new Map([...next.keys()].map((token, index) => [token, index + 1]))
  const hidden = Math.ceil((axes.size + 1) / HEAD_DIM) * HEAD_DIM
  const zeros = (...shape: number[]): Tensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
  })
  const ones = (size: number): Tensor => ({ shape: [size], data: new Float32Array(size).fill(1) })
  const embed = zeros(vocabularySize, hidden)
  const output = zeros(vocabularySize, hidden)
  for (let token = 0; token < vocabularySize; token++) embed.data[token * hidden + (axes.get(token) ?? 0)] = 1
  output.data[first * hidden] = CERTAINTY
  for (const [token, following] of next) output.data[following * hidden + (axes.get(token) ?? 0)] = CERTAINTY

  const layer = 'model.layers.0'
  return {
    config: {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: hidden,
      num_hidden_layers: 1,
      intermediate_size: INTERMEDIATE,
      num_attention_heads: 1,
      num_key_value_heads: 1,
      head_dim: HEAD_DIM,
      rms_norm_eps: 1e-6,
      rope_theta: 10000,
      vocab_size: vocabularySize,
      tie_word_embeddings: false,
      torch_dtype: 'float32',
    },
    tensors: new Map([
      ['model.embed_tokens.weight', embed],
      [`${layer}.self_attn.q_proj.weight`, zeros(HEAD_DIM, hidden)],
      [`${layer}.self_attn.k_proj.weight`, zeros(HEAD_DIM, hidden)],
      [`${layer}.self_attn.v_proj.weight`, zeros(HEAD_DIM, hidden)],
      [`${layer}.self_attn.o_proj.weight`, zeros(hidden, HEAD_DIM)],
      [`${layer}.mlp.gate_proj.weight`, zeros(INTERMEDIATE, hidden)],
      [`${layer}.mlp.up_proj.weight`, zeros(INTERMEDIATE, hidden)],
      [`${layer}.mlp.down_proj.weight`, zeros(hidden, INTERMEDIATE)],
      [`${layer}.input_layernorm.weight`, ones(hidden)],
      [`${layer}.post_attention_layernorm.weight`, ones(hidden)],
      ['model.norm.weight', ones(hidden)],
      ['lm_head.weight', output],
    ]),
  }
}
