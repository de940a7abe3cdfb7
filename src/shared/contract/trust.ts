import { z } from 'zod'
import { isoTime, modelSpec, noInput } from './common'
import { method } from './method'

/** A file of a model that is, or may become, a program. */
export const codeFile = z.object({ path: z.string(), size_bytes: z.number().int(), sha256: z.string() })

/** The code that one revision of a model brings. */
export const modelCode = z.object({
  name: z.string(),
  /** Commit; null for a folder outside of the cache. */
  hash: z.string().nullable(),
  /** `required`: the model cannot be loaded without it. `offered`: mlx_lm usually has its own. `none`: there is none. */
  need: z.enum(['required', 'offered', 'none']),
  /** What asks for it: `config.json: model_file "model.py"`. */
  asked_by: z.array(z.string()),
  /** Every code file of the revision, since one may use the others. */
  files: z.array(codeFile),
  /** Of all of them and of what asks for them: what is trusted. */
  code_hash: z.string(),
  /** Why it cannot be trusted at all; null when it can. */
  obstacle: z.string().nullable(),
  trusted: z.boolean(),
})

export const trustedRevision = z.object({
  name: z.string(),
  hash: z.string().nullable(),
  code_hash: z.string(),
  files: z.array(codeFile),
  trusted_at: isoTime,
})

export type CodeFile = z.infer<typeof codeFile>
export type ModelCode = z.infer<typeof modelCode>
export type TrustedRevision = z.infer<typeof trustedRevision>

export const trustContract = {
  'trust.list': method(noInput, z.object({ revisions: z.array(trustedRevision) })),
  'trust.inspect': method(z.strictObject({ model: modelSpec }), modelCode),
  /** `code_hash` as `trust.inspect` gave it: only what was seen is trusted. @throws custom_code_refused (changed, or cannot be trusted) */
  'trust.add': method(z.strictObject({ model: modelSpec, code_hash: z.string().regex(/^[0-9a-f]{64}$/) }), trustedRevision),
  /** By name, or `name@hash`; engines of it end. @throws not_found */
  'trust.remove': method(z.strictObject({ model: modelSpec }), z.object({ revisions: z.array(trustedRevision) })),
}
