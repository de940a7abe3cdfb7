import { z } from 'zod'

export const noInput = z.strictObject({})
export const noOutput = z.strictObject({})

/** `YYYY-MM-DDTHH:MM:SSZ`, or with milliseconds. */
export const isoTime = z.iso.datetime()

/** A model as people name it: full id, short name, part of a name, `name@hash`. The resolver in core/cache gives the exact rules. */
export const modelSpec = z.string().min(1).max(512)

export const serializedError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
})
