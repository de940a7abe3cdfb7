import { describe, expect, test } from 'vitest'
import { resolveModel } from './resolve'

const repo = (name: string, ...hashes: string[]) => ({ name, snapshots: hashes.map((hash) => ({ hash })) })
const full = (prefix: string): string => prefix.padEnd(40, '0')
const cache = [
  repo('mlx-community/Llama-3.2-1B-Instruct-4bit', full('e96aa')),
  repo('mlx-community/Llama-3.2-3B-Instruct-4bit', full('abc1'), full('abc2')),
  repo('mlx-community/Phi-3', full('11')),
  repo('mlx-community/Phi-3-mini', full('22')),
  repo('Phi-3-mini', full('33')),
  repo('Qwen/Qwen3 0.6B ✓', full('44')),
  repo('org//m', full('55')),
]
const nameOf = (spec: string): string => resolveModel(spec, cache).repo.name
const failure = (spec: string, repos = cache): unknown => {
  try {
    return resolveModel(spec, repos).repo.name
  } catch (error) {
    return error
  }
}

describe('resolveModel', () => {
  test('the exact name wins although it is a part of another (E14)', () => {
    expect(nameOf('mlx-community/Phi-3')).toBe('mlx-community/Phi-3')
  })

  test('a short name means mlx-community when that has it (E9)', () => {
    expect(nameOf('Phi-3')).toBe('mlx-community/Phi-3')
    expect(nameOf('phi-3')).toBe('mlx-community/Phi-3')
  })

  test('a model without organization is reached by its whole name first', () => {
    expect(nameOf('Phi-3-mini')).toBe('Phi-3-mini')
  })

  test('a part of one name is enough, without regard to case (E11)', () => {
    expect(nameOf('LLAMA-3.2-1b')).toBe('mlx-community/Llama-3.2-1B-Instruct-4bit')
    expect(nameOf('mlx-community/llama-3.2-3')).toBe('mlx-community/Llama-3.2-3B-Instruct-4bit')
  })

  test('where a wrong guess does harm, a full name is never taken for a part of another (E15, E16)', () => {
    const strict = (spec: string): unknown => {
      try {
        return resolveModel(spec, cache, { partsOfFullNames: false }).repo.name
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(strict('mlx-community/Llama-3.2-1B')).toBe('model_not_found')
    expect(strict('mlx-community/llama')).toBe('model_not_found')
    expect(strict(`mlx-community/Llama-3.2-1B@${full('e96aa')}`)).toBe('model_not_found')
    expect(strict('mlx-community/Phi-3')).toBe('mlx-community/Phi-3')
    expect(strict('MLX-community/phi-3')).toBe('mlx-community/Phi-3')
    expect(strict('llama-3.2-1b')).toBe('mlx-community/Llama-3.2-1B-Instruct-4bit')
  })

  test('names with spaces, signs and double slashes are reached (E24)', () => {
    expect(nameOf('qwen3 0.6b ✓')).toBe('Qwen/Qwen3 0.6B ✓')
    expect(nameOf('org//m')).toBe('org//m')
  })

  test('several that fit are an error that lists them sorted (E12, E13)', () => {
    expect(failure('llama', [...cache].reverse())).toMatchObject({
      code: 'ambiguous_match',
      data: { matches: ['mlx-community/Llama-3.2-1B-Instruct-4bit', 'mlx-community/Llama-3.2-3B-Instruct-4bit'] },
    })
  })

  test.each(['nothing', './Phi-3', '../../etc/passwd', '/etc', 'phi#11', '*'])('%s is not found', (spec) => {
    expect(failure(spec)).toMatchObject({ code: 'model_not_found', hint: expect.stringContaining('mlxk list') })
  })

  test('an empty name is refused even when there is one model only (E17)', () => {
    expect(failure('', [repo('a/b', full('1'))])).toMatchObject({ code: 'invalid_name' })
  })

  test('an empty cache is no crash', () => {
    expect(failure('a', [])).toMatchObject({ code: 'model_not_found' })
    expect(failure('a@1', [])).toMatchObject({ code: 'model_not_found' })
  })

  test('a hash settles which of several models is meant, in either case (E18, E22)', () => {
    expect(resolveModel('llama@E96A', cache)).toEqual({ repo: cache[0], hash: full('e96aa') })
  })

  test('a hash that is not there never leads to another revision (E19)', () => {
    expect(failure('Phi-3@zzz')).toMatchObject({ code: 'hash_not_found', data: { available_hashes: [full('11')] } })
    expect(failure('Phi-3@22')).toMatchObject({ code: 'hash_not_found' })
  })

  test('a hash that fits several revisions is ambiguous and lists them (E20)', () => {
    expect(failure('3.2-3B@abc')).toMatchObject({
      code: 'ambiguous_match',
      data: { matches: [`${cache[1]?.name}@${full('abc1')}`, `${cache[1]?.name}@${full('abc2')}`] },
    })
    expect(resolveModel('3.2-3B@abc2', cache).hash).toBe(full('abc2'))
  })

  test('the same name in two roots is one model: that of the earlier root, with the revisions of both', () => {
    const both = [repo('a/b', full('1')), repo('a/b', full('1'), full('2'))]
    expect(resolveModel('a/b', both).repo).toBe(both[0])
    expect(resolveModel('a/b@1', both).repo).toBe(both[0])
    expect(resolveModel('a/b@2', both).repo).toBe(both[1])
  })
})
