import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { readDocument } from './document'
import { allFields, fields, getField, nameOf } from './fields'
import type { Settings } from './types'

const orNone = z.number().nullable()
const texts = z.array(z.string())

/**
 * The type of the settings at run time, too costly for the start of every command. The table says more (ranges, words, variables); what
 * it lets through must have this type, since the compiler takes its word for it.
 */
const schema = z.strictObject({
  version: z.literal(1),
  engine: z.strictObject({
    python: z.string().nullable(),
    max_models: orNone,
    memory_limit_gb: orNone,
    keep_alive_minutes: orNone,
    safe_memory: z.enum(['auto', 'on', 'off']),
    concurrency: orNone,
    context_limit: orNone,
  }),
  demo: z.strictObject({ enabled: z.boolean() }),
  server: z.strictObject({
    host: z.string(),
    port: z.number(),
    max_tokens: orNone,
    require_key: z.boolean(),
    allowed_hosts: texts,
    allowed_origins: texts,
  }),
  cache: z.strictObject({ extra_roots: texts }),
  downloads: z.strictObject({ connections: z.number(), limit_mb_per_s: orNone }),
  appearance: z.strictObject({ theme: z.enum(['system', 'light', 'dark']), language: z.enum(['system', 'en', 'de']) }),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']) }),
})

test('the settings have the type of their schema, and the table has a row for each key', () => {
  expectTypeOf<z.infer<typeof schema>>().toEqualTypeOf<Settings>()
  const { settings } = readDocument({})
  expect(schema.parse(settings)).toEqual(settings)
  for (const field of allFields) expect([nameOf(field), getField({ ...settings }, field)]).toEqual([nameOf(field), field.fallback])
  const keys = Object.values(settings).flatMap((section) => (typeof section === 'object' ? Object.keys(section) : []))
  expect(keys).toHaveLength(Object.keys(fields).length)
})

test('whatever stands in the file, what is read of it has that type', () => {
  const near = fc.oneof(
    fc.constantFrom<unknown>(
      '127.0.0.1',
      '::1',
      '/bin/python',
      'python',
      '',
      'auto',
      'info',
      null,
      true,
      0,
      1,
      -1,
      256,
      65536,
      1.5,
    ),
    fc.constantFrom<unknown>(2 ** 53, NaN, Infinity, [''], ['/a'], ['*'], [7], Array(101).fill('/a'), {}, '__proto__'),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(fc.constantFrom(...allFields), near, (field, value) => {
      const { settings, problems } = readDocument({ [field.section]: { [field.key]: value } })
      schema.parse(settings)
      expect(problems.map(({ key }) => key)).toEqual(field.isValid(value) ? [] : [nameOf(field)])
    }),
    { numRuns: 2000 },
  )
})
