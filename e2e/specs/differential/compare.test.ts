import { describe, expect, it } from 'vitest'
import { compare, type Difference } from './compare'

const model = { name: 'a/b', hash: null, size_bytes: 1, capabilities: ['x'] }
const wrap = (...models: object[]): object => ({ data: { models } })
const short = (differences: Difference[]): string[] => differences.map(({ path, kind, model: of }) => `${kind} ${path} ${of}`)

describe('the comparison of two documents', () => {
  it('finds nothing in equal ones, whatever the order of named things and of keys', () => {
    const other = { size_bytes: 2, name: 'c/d', hash: null, capabilities: [] }
    expect(compare(wrap(model, other), wrap({ ...other, name: 'c/d' }, model))).toEqual([])
  })

  it.each([
    [{ ...model, more: 1 }, 'only in ours data.models[].more a/b'],
    [{ name: 'a/b', hash: null, size_bytes: 1 }, 'only in theirs data.models[].capabilities a/b'],
    [{ ...model, size_bytes: '1' }, 'type data.models[].size_bytes a/b'],
    [{ ...model, size_bytes: null }, 'type data.models[].size_bytes a/b'],
    [{ ...model, hash: 'f'.repeat(40) }, 'value data.models[].hash a/b'],
    [{ ...model, capabilities: 'x' }, 'type data.models[].capabilities a/b'],
    [{ ...model, capabilities: ['y'] }, 'value data.models[].capabilities[] a/b'],
    [{ ...model, capabilities: [] }, 'only in theirs data.models[].capabilities[] a/b'],
  ])('tells %j by its place, kind and model', (changed, difference) => {
    expect(short(compare(wrap(model), wrap(changed)))).toEqual([difference])
  })

  it('tells a model that one side lacks', () => {
    expect(short(compare(wrap(), wrap(model)))).toEqual(['only in ours data.models[] a/b'])
  })
})
