import { describe, expect, it } from 'vitest'
import { aLoadedModel, aModel } from '../../testing/fixtures'
import {
  canChat,
  countFilter,
  findByPrefix,
  groupModels,
  healthState,
  modelKey,
  moveSelection,
  nextSort,
  rangeSelection,
  toggleSelection,
  toItems,
  quantName,
  shortReason,
  splitOwner,
  splitTail,
  type ModelQuery,
} from './model'

const warning = {
  code: 'refs_missing',
  file: null,
  message: 'refs/main is missing.',
  severity: 'warning',
  repairable: true,
} as const
const sick = aModel('org/sick', { health: 'unhealthy', runtime_compatible: false, reason: 'config.json is missing.' })
const odd = aModel('org/odd', { findings: [warning] })
const speech = aModel('org/speech', { runtime_compatible: false, reason: 'Speech model, the engine runs text.' })
const good = aModel('org/good')

const query: ModelQuery = { filter: 'all', search: '', sort: { key: 'name', descending: false } }
const names = (groups: ReturnType<typeof groupModels>) =>
  groups.map((group) => [group.name, group.models.map((model) => model.name)])

describe('health of a model', () => {
  it('has four shapes', () => {
    expect([good, odd, sick, speech].map(healthState)).toEqual(['healthy', 'repair', 'unhealthy', 'cannot_run'])
  })

  it('a remark about an engine that is not there does not make a model a problem', () => {
    expect(healthState(aModel('a/b', { reason: 'Not checked: the engine is not installed.' }))).toBe('healthy')
  })

  it('only models that load and make text can chat', () => {
    expect([good, odd, sick, speech].map(canChat)).toEqual([true, true, false, false])
    expect(canChat(aModel('a/embed', { capabilities: ['embeddings'] }))).toBe(false)
  })

  it('names a shard by its number in a narrow column', () => {
    const finding = { ...warning, message: 'model-00002-of-00003.safetensors is truncated: 3.2 of 5.3 GB.' }
    const words = {
      finding: ({ message }: { message: string }) => message,
      shard: (number: string, of: string, rest: string) => `Shard ${number}/${of} ${rest}`,
    }
    expect(shortReason(aModel('a/b', { findings: [finding] }), words)).toBe('Shard 2/3 is truncated: 3.2 of 5.3 GB')
    expect(shortReason(odd, words)).toBe('refs/main is missing')
    expect(shortReason(good, words)).toBeNull()
  })
})

describe('list of models', () => {
  it('stands in groups, loaded first, and leaves empty groups out', () => {
    expect(names(groupModels([good, sick, speech, odd], [aLoadedModel('org/good')], query))).toEqual([
      ['loaded', ['org/good']],
      ['problems', ['org/odd', 'org/sick']],
      ['cannot_run', ['org/speech']],
    ])
  })

  it('does not count a model whose engine crashed or stopped as loaded', () => {
    expect(names(groupModels([good], [aLoadedModel('org/good', { state: 'crashed' })], query))).toEqual([['ready', ['org/good']]])
  })

  it('filters by what runs and by problems, with counts that agree', () => {
    const models = [good, sick, speech, odd]
    expect(names(groupModels(models, [], { ...query, filter: 'can_run' })).flatMap(([, list]) => list)).toEqual([
      'org/odd',
      'org/good',
    ])
    expect(countFilter(models, 'can_run')).toBe(2)
    expect(countFilter(models, 'problems')).toBe(2)
  })

  it('finds every word of a search anywhere in the name', () => {
    const models = [aModel('mlx-community/Qwen3-8B-4bit'), aModel('mlx-community/Llama-3.2-3B-4bit')]
    expect(names(groupModels(models, [], { ...query, search: '4BIT qwen' }))).toEqual([['ready', ['mlx-community/Qwen3-8B-4bit']]])
  })

  it('sorts names as people count, without their owner; sizes largest first; equals by name', () => {
    const models = [
      aModel('z/model-10', { size_bytes: 5 }),
      aModel('a/model-9', { size_bytes: 5 }),
      aModel('m/model-2', { size_bytes: 7 }),
    ]
    const order = (sort: ModelQuery['sort']) => groupModels(models, [], { ...query, sort })[0]?.models.map((model) => model.name)
    expect(order(query.sort)).toEqual(['m/model-2', 'a/model-9', 'z/model-10'])
    expect(order({ key: 'size', descending: true })).toEqual(['m/model-2', 'a/model-9', 'z/model-10'])
    expect(order({ key: 'size', descending: false })).toEqual(['a/model-9', 'z/model-10', 'm/model-2'])
  })

  it('sorts by memory and by last use; what is not known of a model comes last either way round', () => {
    const models = ['a/one', 'a/two', 'a/three'].map((name) => aModel(name))
    const [one, two] = models
    const known = {
      fits: { [modelKey(one!)]: { needed_bytes: 9 }, [modelKey(two!)]: { needed_bytes: 4 } },
      used: { 'a/two': '2026-02-01T00:00:00Z', 'a/one': '2026-01-01T00:00:00Z' },
    }
    const order = (sort: ModelQuery['sort']) =>
      groupModels(models, [], { ...query, sort }, known)[0]?.models.map((model) => model.name)
    expect(order({ key: 'fit', descending: true })).toEqual(['a/one', 'a/two', 'a/three'])
    expect(order({ key: 'fit', descending: false })).toEqual(['a/two', 'a/one', 'a/three'])
    expect(order({ key: 'used', descending: true })).toEqual(['a/two', 'a/one', 'a/three'])
    expect(order({ key: 'used', descending: false })).toEqual(['a/one', 'a/two', 'a/three'])
  })

  it('selects one more or one less with a key held, and a range from where it began', () => {
    const one = { selected: 'a', also: [] }
    const two = toggleSelection(one, 'c')
    expect(two).toEqual({ selected: 'c', also: ['a'] })
    expect(toggleSelection(two, 'a')).toEqual({ selected: 'c', also: [] })
    expect(toggleSelection(two, 'c')).toEqual({ selected: 'a', also: [] })
    expect(toggleSelection(one, 'a')).toEqual(one)
    expect(rangeSelection(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual({ selected: 'b', also: ['c', 'd'] })
    expect(rangeSelection(['a', 'b'], 'gone', 'b')).toEqual({ selected: 'b', also: [] })
  })

  it('a second click on a column turns it round, a first one sorts as people expect', () => {
    expect(nextSort(query.sort, 'size')).toEqual({ key: 'size', descending: true })
    expect(nextSort({ key: 'size', descending: true }, 'size')).toEqual({ key: 'size', descending: false })
    expect(nextSort({ key: 'size', descending: true }, 'name')).toEqual({ key: 'name', descending: false })
  })
})

describe('names', () => {
  it('does not show the owner of nearly all models', () => {
    expect(splitOwner('mlx-community/Qwen3-8B-4bit')).toEqual({ owner: null, short: 'Qwen3-8B-4bit' })
    expect(splitOwner('Qwen/Qwen3-4B')).toEqual({ owner: 'Qwen', short: 'Qwen3-4B' })
  })

  it.each([
    ['Mistral-Small-3.2-24B-Instruct-2506-4bit', 'Mistral-Small-3.2-24B-Instruct', '-2506-4bit'],
    ['gpt2', 'gpt2', ''],
    ['a-verylongsuffixwithoutanyhyphen', 'a-verylongsuffixwithoutanyhyphen', ''],
  ])('%s keeps its end when it is cut', (name, head, tail) => {
    expect(splitTail(name)).toEqual({ head, tail })
    expect(head + tail).toBe(name)
  })

  it('a cut never leaves a name without a head', () => {
    expect(splitTail('a-b').head).toBe('a')
  })

  it('says the quantization in one word', () => {
    expect(quantName(aModel('a/b'))).toBe('4-bit')
    expect(quantName(aModel('a/b', { quantization: { bits: 4, group_size: 32, mode: 'mxfp4', mixed: false } }))).toBe('MXFP4')
    expect(quantName(aModel('a/b', { quantization: null, dtype: 'bfloat16' }))).toBe('bf16')
    expect(quantName(aModel('a/b', { quantization: null, dtype: null }))).toBeNull()
  })
})

describe('moving in the list', () => {
  const keys = ['a', 'b', 'c', 'd']

  it.each([
    ['b', 'ArrowDown', 'c'],
    ['b', 'ArrowUp', 'a'],
    ['a', 'ArrowUp', 'a'],
    ['d', 'ArrowDown', 'd'],
    ['b', 'End', 'd'],
    ['c', 'Home', 'a'],
    ['a', 'PageDown', 'c'],
    [null, 'ArrowDown', 'a'],
    [null, 'ArrowUp', 'd'],
    ['a', 'x', null],
  ])('from %s by %s to %s', (from, key, to) => expect(moveSelection(keys, from, key, 2)).toBe(to))

  it('goes nowhere in an empty list', () => expect(moveSelection([], null, 'ArrowDown', 2)).toBeNull())

  it('a letter again goes to the next match, more letters narrow it down', () => {
    const models = ['Llama-1', 'Qwen-1', 'Llama-2'].map((name) => aModel(`mlx-community/${name}`))
    const [first, , third] = models.map(modelKey)
    expect(findByPrefix(models, null, 'l')).toBe(first)
    expect(findByPrefix(models, first!, 'l')).toBe(third)
    expect(findByPrefix(models, first!, 'llama-2')).toBe(third)
    expect(findByPrefix(models, null, 'zz')).toBeNull()
  })
})

describe('the lines of the table', () => {
  it('are the heads of the groups and their models, without those of folded groups', () => {
    const groups = groupModels([aModel('org/a'), aModel('org/b'), sick], [], {
      filter: 'all',
      search: '',
      sort: { key: 'name', descending: false },
    })
    expect(toItems(groups, ['problems']).map(({ key }) => key)).toEqual(['problems', 'ready', '/hub|org/a', '/hub|org/b'])
  })
})
