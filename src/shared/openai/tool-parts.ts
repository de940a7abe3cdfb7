import { z } from 'zod'

/** A call in the history, as the model made it. */
export const toolCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({
    name: z.string(),
    arguments: z.string().refine(isJson, 'must be a text that holds JSON'),
  }),
})

const jsonObject = z.record(z.string(), z.unknown())

export const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string().min(1).max(128),
    description: z.string().nullish(),
    // Clients leave out one or both when a function takes nothing; templates read them unasked.
    parameters: jsonObject.nullish().transform((given) => ({ type: 'object', properties: {}, ...given })),
    strict: z.boolean().nullish(),
  }),
})

export const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string().min(1) }) }),
])

export const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string().nullish(),
      description: z.string().nullish(),
      schema: jsonObject,
      strict: z.boolean().nullish(),
    }),
  }),
])

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
