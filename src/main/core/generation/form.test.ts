import { describe, expect, it } from 'vitest'
import type { GenerationEvent } from '../../../shared/contract'
import type { EngineStreamEvent } from '../engine/types'
import { createGenerator, type GeneratorDeps } from './generator'
import { compileSchema } from './schema'
import { bench, call, collect, request, say, textOf, usage } from './test-bench'
import type { GenerationRequest, ResponseFormat, ToolUse } from './types'

/** An engine whose every answer is another script. */
function attempts(...scripts: EngineStreamEvent[][]): { deps: GeneratorDeps; bodies: Record<string, unknown>[] } {
  const { deps } = bench([])
  const bodies: Record<string, unknown>[] = []
  const openStream: GeneratorDeps['openStream'] = async function* (_lease, _path, body) {
    bodies.push(body)
    yield* scripts[bodies.length - 1] ?? []
  }
  return { deps: { ...deps, openStream }, bodies }
}

const object: ResponseFormat = { type: 'json_object' }
const end = say('', 'stop')
const tools = (more: Partial<ToolUse> = {}): ToolUse => ({
  definitions: [{ type: 'function', function: { name: 'f', parameters: {} } }],
  choice: 'auto',
  parallel: true,
  checks: new Map(),
  ...more,
})

async function failureOf(deps: GeneratorDeps, more: Partial<GenerationRequest>): Promise<unknown> {
  return collect(deps, more).then(
    () => null,
    (error: unknown) => error,
  )
}

describe('an answer that must be JSON', () => {
  it.each([
    ['as it is', '{"a": 1}', '{"a": 1}'],
    ['out of a fence', 'Sure!\n```json\n{"a": 1}\n```\nAnything else?', '{"a": 1}'],
    ['out of sentences', 'Here: {"a": [1]} as you like.', '{"a": [1]}'],
  ])('is given %s, in one piece', async (_, text, expected) => {
    const { deps, bodies } = attempts([say(text.slice(0, 5)), say(text.slice(5)), end, usage])
    const events = await collect(deps, { responseFormat: object })
    expect(events.filter(({ type }) => type === 'text')).toEqual([{ type: 'text', text: expected }])
    expect(JSON.stringify(bodies[0]?.['messages'])).toContain('JSON only')
  })

  it('is asked for once more with what was wrong, and both attempts are counted', async () => {
    const { deps, bodies } = attempts([say('no'), end, usage], [say('{"a":1}'), end, usage])
    const events = await collect(deps, { responseFormat: object })
    expect(textOf(events)).toBe('{"a":1}')
    expect(events.at(-1)).toMatchObject({ type: 'finish', usage: { prompt_tokens: 18, completion_tokens: 8, total_tokens: 26 } })
    expect(bodies[1]?.['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'no' },
      { role: 'user', content: expect.stringContaining('it is not JSON') as string },
    ])
  })

  it('is refused by name after the second attempt', async () => {
    const { deps, bodies } = attempts([say('[1]'), end], [say('5'), end])
    const failure = await failureOf(deps, { responseFormat: object })
    expect(failure).toMatchObject({
      code: 'invalid_output',
      data: { param: 'response_format', problem: expect.stringContaining('object') as string },
    })
    expect(bodies).toHaveLength(2)
  })

  it('is given as it is when the token limit cut it, with that finish reason', async () => {
    const { deps, bodies } = attempts([say('{"a": '), say('', 'length'), usage])
    const events = await collect(deps, { responseFormat: object })
    expect([textOf(events), events.at(-1)]).toMatchObject(['{"a": ', { reason: 'length' }])
    expect(bodies).toHaveLength(1)
  })

  it('keeps the thought before it, and leaves the conversation without system messages', async () => {
    const thought: EngineStreamEvent = { type: 'chunk', chunk: { choices: [{ finish_reason: null, delta: { reasoning: 'hm' } }] } }
    const { deps, bodies } = attempts([thought, say('{}'), end])
    const events = await collect(deps, { responseFormat: object })
    expect(events.map(({ type }) => type)).toEqual(['reasoning', 'text', 'finish'])
    expect(bodies[0]?.['messages']).toMatchObject([{ role: 'user', content: expect.stringMatching(/^Hi\n\n/) as string }])
  })
})

describe('an answer that must fit a schema', () => {
  const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'], additionalProperties: false }

  it.each([
    ['{"age": 5}', null],
    ['{"age": "5"}', 'age must be integer'],
    ['{}', "must have required property 'age'"],
    ['{"age": 5, "b": 1}', 'must NOT have additional properties (b)'],
  ])('%s: %s', async (text, problem) => {
    const responseFormat: ResponseFormat = { type: 'json_schema', schema, check: await compileSchema(schema, 'p') }
    const { deps } = attempts([say(text), end], [say(text), end])
    const outcome = await collect(deps, { responseFormat }).catch((error: unknown) => error)
    if (problem === null) expect(textOf(outcome as GenerationEvent[])).toBe(text)
    else expect(outcome).toMatchObject({ code: 'invalid_output', message: expect.stringContaining(problem) as string })
  })

  it.each([
    ['2020-12', { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] }, ['a'], [1]],
    ['draft 7', { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] }, ['a'], [1]],
    ['draft 7 that does not say so', { items: [{ type: 'string' }] }, ['a'], [1]],
    ['references within', { $defs: { s: { type: 'string' } }, $ref: '#/$defs/s' }, 'a', 1],
    ['formats', { type: 'string', format: 'date' }, '2026-01-02', 'yesterday'],
    ['unknown words, as clients add them', { type: 'string', 'x-order': 1, example: 'a' }, 'a', 1],
  ])('understands %s', async (_, given, good, bad) => {
    const check = await compileSchema(given, 'p')
    expect([check(good), typeof check(bad)]).toEqual([null, 'string'])
  })

  it('is not held up by a pattern without end', async () => {
    const check = await compileSchema({ type: 'string', pattern: '^(a+)+$' }, 'p')
    expect(check(`${'a'.repeat(40)}b`)).toBe('checking it against the schema took too long.')
  })
})

describe('tools', () => {
  it('are given to the engine, and their calls to the client, each with its index', async () => {
    const { deps, bodies } = attempts([say('Let me see.'), call('f', '{"a":1}'), call('g'), say('', 'tool_calls'), usage])
    const events = await collect(deps, { tools: tools() })
    expect(events.slice(0, 3)).toEqual([
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_call', index: 0, id: 'id-f', name: 'f', arguments: '{"a":1}' },
      { type: 'tool_call', index: 1, id: 'id-g', name: 'g', arguments: '{}' },
    ])
    expect(events.at(-1)).toMatchObject({ reason: 'tool_calls' })
    expect(bodies[0]?.['tools']).toEqual(tools().definitions)
  })

  it('one call only when the client can take no more', async () => {
    const { deps } = attempts([call('f'), call('g'), say('', 'tool_calls')])
    const events = await collect(deps, { tools: tools({ parallel: false }) })
    expect(events.map(({ type }) => type)).toEqual(['tool_call', 'finish'])
    expect(events.at(-1)).toMatchObject({ reason: 'tool_calls' })
  })

  it('a call that nobody offered is text', async () => {
    const { deps } = attempts([call('f', '{"a":1}'), say('', 'tool_calls')])
    const events = await collect(deps)
    expect([textOf(events), events.at(-1)]).toMatchObject(['{"name": "f", "arguments": {"a":1}}', { reason: 'stop' }])
  })

  it('a call that mlx_lm could not read is an error, not an empty answer', async () => {
    const { deps } = attempts([say('', 'tool_calls')])
    expect(await failureOf(deps, { tools: tools() })).toMatchObject({ code: 'invalid_output' })
  })

  it.each([
    ['required', 'required', 'Answer with a function call'],
    ['a name', { name: 'f' }, 'a call of the function f'],
  ] as const)('%s: told to the model, asked again, then refused', async (_, choice, instruction) => {
    const good = attempts([say('no'), end], [call('f'), say('', 'tool_calls')])
    const events = await collect(good.deps, { tools: tools({ choice }) })
    expect(events.map(({ type }) => type)).toEqual(['tool_call', 'finish'])
    expect(JSON.stringify(good.bodies[0]?.['messages'])).toContain(instruction)
    const bad = attempts([say('no'), end], [say('still not'), end])
    expect(await failureOf(bad.deps, { tools: tools({ choice }) })).toMatchObject({
      code: 'invalid_output',
      data: { param: 'tool_choice' },
    })
  })

  it('another function than the one that was named does not count', async () => {
    const { deps } = attempts([call('g'), say('', 'tool_calls')], [call('g'), say('', 'tool_calls')])
    expect(await failureOf(deps, { tools: tools({ choice: { name: 'f' } }) })).toMatchObject({ code: 'invalid_output' })
  })

  it('arguments of a strict function must fit its schema', async () => {
    const check = await compileSchema({ type: 'object', required: ['city'] }, 'p')
    const { deps } = attempts([call('f', '{"town":"x"}'), say('', 'tool_calls')])
    const failure = await failureOf(deps, { tools: tools({ checks: new Map([['f', check]]) }) })
    expect(failure).toMatchObject({ code: 'invalid_output', message: expect.stringContaining("'city'") as string })
  })
})

it('leaving an answer in form ends the engine as well', async () => {
  const { deps, closed, released } = bench([{ type: 'progress', done: 1, total: 2 }, say('{'), say('}')])
  for await (const event of createGenerator(deps).generate({ ...request, responseFormat: object }, new AbortController().signal)) {
    expect(event.type).toBe('state')
    break
  }
  expect([closed(), released()]).toEqual([1, 1])
})
