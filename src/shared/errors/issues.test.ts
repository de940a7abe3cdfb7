import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contract } from '../contract'
import { firstProblem, toProblems } from './issues'

const schema = z.strictObject({
  name: z.string().min(1).max(5).optional(),
  port: z.number().int().min(0).max(65535).optional(),
  share: z.number().gt(0).lt(1).optional(),
  on: z.boolean().optional(),
  level: z.enum(['low', 'high']).optional(),
  kind: z.literal('text').optional(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).min(2).max(3)]).optional(),
  hash: z
    .string()
    .regex(/^[0-9a-f]+$/)
    .optional(),
  deep: z.object({ list: z.array(z.object({ n: z.number() })) }).optional(),
  own: z
    .string()
    .refine((text) => text === 'ok', 'must be ok')
    .optional(),
})

const sentence = (value: unknown): string => {
  const parsed = schema.safeParse(value)
  return parsed.success ? 'fine' : firstProblem(parsed.error, value).sentence
}

describe('what is wrong with a value, in people’s words and with its name', () => {
  it.each<[unknown, string]>([
    [{ name: '' }, 'name must not be empty.'],
    [{ name: 'longer than five' }, 'name must have at most 5 characters.'],
    [{ name: 7 }, 'name must be a text, not 7.'],
    [{ name: null }, 'name must be a text, not null.'],
    [{ port: 'a lot' }, 'port must be a number, not a text.'],
    [{ port: 1.5 }, 'port must be a whole number, not 1.5.'],
    [{ port: -1 }, 'port must be at least 0, not -1.'],
    [{ port: 65536 }, 'port must be at most 65535, not 65536.'],
    [{ share: 0 }, 'share must be more than 0, not 0.'],
    [{ share: 1 }, 'share must be less than 1, not 1.'],
    [{ on: 'yes' }, 'on must be true or false, not a text.'],
    [{ level: 'medium' }, 'level must be one of low, high.'],
    [{ kind: 'image' }, 'kind must be text.'],
    [{ stop: 5 }, 'stop must be a text or a list, not 5.'],
    [{ stop: '' }, 'stop must not be empty.'],
    [{ stop: ['a'] }, 'stop must have at least 2 entries.'],
    [{ stop: ['a', ''] }, 'stop[1] must not be empty.'],
    [{ hash: 'xyz' }, 'hash has not the form that is asked for.'],
    [{ deep: { list: [{ n: 1 }, {}] } }, 'deep.list[1].n is required.'],
    [{ deep: { list: {} } }, 'deep.list must be a list, not an object.'],
    [{ own: 'no' }, 'own must be ok.'],
    [{ extra: 1 }, 'The request has a key that is not known here: extra.'],
    ['text', 'The request must be an object, not a text.'],
    [null, 'The request must be an object, not null.'],
  ])('%j: %s', (value, expected) => expect(sentence(value)).toBe(expected))

  it('never repeats what somebody wrote', () => {
    for (const value of [{ level: 'my secret' }, { port: 'my secret' }, { hash: 'my secret' }, { name: 'my secret' }])
      expect(sentence(value)).not.toContain('secret')
  })

  it('holds for every call of the contract, whatever is sent', () => {
    const junk: unknown[] = [null, 5, 'x', [], { junk: 1 }, { model: '' }, { model: 5 }, { kind: 'x' }, { port: 1.5 }]
    const more: unknown[] = [
      { model: 'm', messages: [] },
      { model: 'm', messages: [{ role: 'x', content: 1 }] },
      { categories: ['x'] },
    ]
    let seen = 0
    for (const [name, { input }] of Object.entries(contract)) {
      for (const value of [...junk, ...more]) {
        const parsed = input.safeParse(value)
        if (parsed.success) continue
        for (const problem of toProblems(parsed.error, value)) {
          expect(problem.sentence, name).toMatch(/^(The request|[\w.[\]]+) (is required|must|has) ?.*\.$/)
          expect(problem.sentence, name).not.toMatch(/invalid|expected|received|too (small|big)|>=|<=|undefined/i)
          seen += 1
        }
      }
    }
    expect(seen).toBeGreaterThan(100)
  })
})
