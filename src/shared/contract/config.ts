import { z } from 'zod'
import { noInput } from './common'
import { method } from './method'

/** One setting, and everything that decides it. */
export const setting = z.object({
  /** `server.port` */
  key: z.string(),
  summary: z.string(),
  /** What holds now. */
  value: z.unknown(),
  source: z.enum(['environment', 'settings', 'default']),
  /** The environment variable that decides, null when none does. */
  variable: z.string().nullable(),
  /** Variables that go before the file, strongest first. */
  variables: z.array(z.string()),
  /** Whether the file says anything, and what. It has no effect while a variable decides. */
  in_file: z.boolean(),
  file_value: z.unknown(),
  default: z.unknown(),
  /** Completes "must be". */
  allowed: z.string(),
  takes_effect: z.enum(['at once', 'when a model loads', 'when the API starts', 'at the next start']),
  /** A variable that holds nonsense. */
  problem: z.string().nullable(),
})

export type Setting = z.infer<typeof setting>

const key = z.string().min(1).max(200)

export const configContract = {
  'config.list': method(noInput, z.object({ settings: z.array(setting) })),
  /** @throws usage (no such key; the nearest as hint), invalid_setting */
  'config.set': method(z.strictObject({ key, value: z.unknown() }), setting),
  /** Back to the default. @throws usage */
  'config.unset': method(z.strictObject({ key }), setting),
}
