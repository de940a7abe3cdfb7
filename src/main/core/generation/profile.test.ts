import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineStreamEvent } from '../engine/types'
import type { ResolvedModel } from '../models/types'
import { endsOf, toProfile, unknownProfile, type ProfileSources } from './profile'
import { createProfileReader, findList } from './profile-reader'
import { bench, collect, model, say, textOf, think, usage } from './test-bench'

const nothing: ProfileSources = {
  config: null,
  generationConfig: null,
  tokenizerConfig: null,
  addedTokens: null,
  hasTemplateFile: false,
}

describe('what the files of a model say', () => {
  it('knows the end tokens of its own vocabulary only: </s> may be a word of HTML elsewhere', () => {
    const added = (...names: string[]) => names.map((content, id) => ({ id, content }))
    expect(toProfile({ ...nothing, addedTokens: added('<|end|>', '<pad>') }).endTokens).toEqual(['<|end|>'])
    const decoder = Object.fromEntries(added('<|im_end|>', '<|endoftext|>').map((token) => [token.id, token]))
    const tokenizerConfig = { added_tokens_decoder: decoder, eos_token: { content: '<|stop|>' } }
    expect(toProfile({ ...nothing, tokenizerConfig }).endTokens).toEqual(['<|stop|>', '<|im_end|>', '<|endoftext|>'])
  })

  it.each([
    [{ do_sample: false, temperature: 0.7 }, { temperature: 0 }],
    [
      { temperature: 0.6, top_p: 0.95, top_k: 20, min_p: 0 },
      { temperature: 0.6, top_p: 0.95, top_k: 20, min_p: 0 },
    ],
    [{ do_sample: true }, { temperature: 1 }],
    [{ temperature: 'hot', top_p: 7, top_k: -1, repetition_penalty: 1 }, {}],
    [null, {}],
  ])('generation_config %j sets %j', (generationConfig, defaults) => {
    expect(toProfile({ ...nothing, generationConfig }).defaults).toEqual(defaults)
  })

  it.each([
    [{ vocab_size: 5 }, 5],
    [{ text_config: { vocab_size: 7 } }, 7],
    [{ vocab_size: 'many' }, null],
    ['nonsense', null],
  ])('config %j has %j rows', (config, size) => {
    expect(toProfile({ ...nothing, config }).vocabularySize).toBe(size)
  })

  it('a model without a template is kept from playing the other side too (E131), a raw prompt is not', () => {
    expect(endsOf({ ...unknownProfile, endTokens: ['</s>'], hasTemplate: false }, true)).toContain('\nUSER:')
    expect(endsOf(unknownProfile, true)).toEqual(['\nHuman:'])
    expect(endsOf({ ...unknownProfile, endTokens: ['</s>'], hasTemplate: false }, false)).toEqual(['</s>'])
  })

  it('finds a list in JSON whose end is missing, and none that is cut', () => {
    const json = '{"added_tokens": [{"content": "a]\\"["}, {"content": "b"}], "model": {"vocab": {"x'
    expect(findList(json, 'added_tokens')).toEqual([{ content: 'a]"[' }, { content: 'b' }])
    expect(findList(json.slice(0, 30), 'added_tokens')).toBeNull()
    expect(findList('{}', 'added_tokens')).toBeNull()
  })
})

describe('an answer of such a model', () => {
  let folder: string
  const resolved = (): ResolvedModel => ({ ...model, snapshotPath: folder })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlxk-profile-'))
    writeFileSync(join(folder, 'config.json'), '{"vocab_size": 100}')
    writeFileSync(join(folder, 'generation_config.json'), '{"temperature": 0.6, "top_k": 20}')
    writeFileSync(join(folder, 'tokenizer_config.json'), '{"chat_template": "x", "eos_token": "<|im_end|>"}')
    writeFileSync(
      join(folder, 'tokenizer.json'),
      '{"added_tokens": [{"content": "<|end|>"}, {"content": "<|endoftext|>"}], "model"',
    )
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['one', ['Hi<|end|>', 'more'], 'Hi'],
    ['two, cut at the earlier (E130)', ['Hi', '<|end|><|endoftext|>'], 'Hi'],
    ['one that is split over chunks', ['Hi<|e', 'nd', '|>x'], 'Hi'],
    ['the beginning of one only', ['Hi<|e', 'xtra|>'], 'Hi<|extra|>'],
    ['one of another family', ['a</s>b'], 'a</s>b'],
    ['the next turn (E131)', ['Hi\nHum', 'an: and you?'], 'Hi'],
  ])('never shows end tokens (E129): %s', async (_, texts, expected) => {
    const { deps } = bench([...texts.map((text) => say(text)), say('', 'stop'), usage])
    const events = await collect(deps, { resolved: resolved() })
    expect([textOf(events), events.at(-1)]).toMatchObject([expected, { reason: 'stop' }])
  })

  it('nor in the thought', async () => {
    const { deps } = bench([think('hm<|e'), think('nd|>'), say('x')])
    expect((await collect(deps, { resolved: resolved() })).slice(0, -1)).toEqual([{ type: 'reasoning', text: 'hm' }])
  })

  it('nor in the continuation of a raw prompt, but there a line may begin with Human:', async () => {
    const { deps, bodies } = bench([say('a\nHuman: b<|end|>c')])
    expect(textOf(await collect(deps, { resolved: resolved(), messages: [], prompt: 'Once' }))).toBe('a\nHuman: b')
    expect(bodies[0]).toMatchObject({ prompt: 'Once' })
    expect(bodies[0]).not.toHaveProperty('messages')
  })

  it('is sampled as its own files want it where the request leaves that open', async () => {
    const { deps, bodies } = bench([usage])
    await collect(deps, { resolved: resolved() })
    await collect(deps, { resolved: resolved(), params: { temperature: 0, top_k: 5 } })
    await collect(deps, { resolved: resolved(), params: { top_k: 100 } })
    expect(bodies.map(({ temperature, top_k: k }) => [temperature, k])).toEqual([
      [0.6, 20],
      [0, 5],
      // As many as there are is no choice, and would end mlx_lm's thread.
      [0.6, undefined],
    ])
  })

  it('refuses a bias for a token that is not there, which mlx would write out of its memory for', async () => {
    const { deps, bodies } = bench([usage])
    await expect(collect(deps, { resolved: resolved(), logitBias: { 100: 1 } })).rejects.toMatchObject({
      code: 'invalid_request',
      data: { param: 'logit_bias' },
    })
    expect(bodies).toEqual([])
  })
})

it('reads nothing from a folder that is not there', async () => {
  expect(await createProfileReader()('/nowhere')).toMatchObject({ endTokens: [], vocabularySize: null, defaults: {} })
})

describe('whole characters and their tokens', () => {
  const raw = (content: string, tokens: [string, number][], finish: string | null = null): EngineStreamEvent => ({
    type: 'chunk',
    chunk: {
      choices: [
        {
          finish_reason: finish,
          delta: { content },
          logprobs: { content: tokens.map(([text, logprob]) => ({ text, bytes: [...Buffer.from(text)], logprob, top: [] })) },
        },
      ],
    },
  })

  it('no chunk ends inside an emoji (E133)', async () => {
    const { deps } = bench([say('a\ud83d'), say('\ude00b'), say('\ud83d')])
    const texts = (await collect(deps)).flatMap((event) => (event.type === 'text' ? [event.text] : []))
    expect(texts).toEqual(['a', '😀b', '\ufffd'])
  })

  it('each delivered text has the tokens that end in it, also when it is held back or cut', async () => {
    const { deps } = bench([
      raw('a', [['a', -1]]),
      raw('bE', [
        ['b', -2],
        ['E', -3],
      ]),
      raw('ND c', [
        ['ND', -4],
        [' c', -5],
      ]),
    ])
    const events = await collect(deps, { logprobs: { top: 0 }, params: { stop: ['END'] } })
    const seen = events.flatMap((event) =>
      event.type === 'text' ? [[event.text, event.logprobs?.map(({ logprob }) => logprob)]] : [],
    )
    expect(seen).toEqual([
      ['a', [-1]],
      ['b', [-2]],
    ])
  })

  it('the tokens of a thought are of no answer', async () => {
    const thought = raw('', [['hm', -1]])
    if (thought.type === 'chunk') thought.chunk.choices[0]!.delta = { reasoning: 'hm' }
    const { deps } = bench([thought, raw('a', [['a', -2]])])
    const events = await collect(deps, { logprobs: { top: 0 } })
    expect(events[1]).toMatchObject({ text: 'a', logprobs: [{ token: 'a', logprob: -2 }] })
  })

  it('says so when the engine cannot tell them', async () => {
    const { deps } = bench([say('a')])
    await expect(collect(deps, { logprobs: { top: 0 } })).rejects.toMatchObject({ code: 'unsupported_parameter' })
  })
})

it('without the launcher a prompt that does not fit is noticed when the engine reads it', async () => {
  const { deps, closed } = bench([{ type: 'progress', done: 0, total: 5000 }, say('garbage')])
  await expect(collect(deps)).rejects.toMatchObject({
    code: 'context_length_exceeded',
    data: { prompt_tokens: 5000, context_length: 4096, param: 'messages' },
  })
  expect(closed()).toBe(1)
})
