import { z } from 'zod'
import { isoTime, noInput, noOutput } from './common'
import { method } from './method'

/** What a key of the API may do; each includes the ones before it. `read`: models and figures. `inference`: answers. `admin`: everything. */
export const keyScope = z.enum(['read', 'inference', 'admin'])

/** A key of the API as it is kept: never the key itself. */
export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  scope: keyScope,
  /** Its first characters, to tell keys apart: `mlxk-Ab3d…`. */
  hint: z.string(),
  created_at: isoTime,
})

export type KeyScope = z.infer<typeof keyScope>
export type ApiKey = z.infer<typeof apiKey>

export const keyName = z.string().trim().min(1).max(64)

export const accessContract = {
  'keys.list': method(noInput, z.object({ keys: z.array(apiKey) })),
  /** The answer is the only time that the key can be seen. */
  'keys.create': method(
    z.strictObject({ name: keyName, scope: keyScope.default('inference') }),
    apiKey.extend({ key: z.string() }),
  ),
  /** By id or name. Holds from the next request on. @throws not_found */
  'keys.revoke': method(z.strictObject({ key: z.string().min(1).max(64) }), noOutput),
}
