import { describe, expect, test } from 'vitest'
import { resolveRoots } from './roots'

const machine = { home: '/home/u' }
const plain = { demoHub: '/data/demo/hub', demoEnabled: false, extraRoots: [] }
const primary = (env: Record<string, string>): unknown => resolveRoots(env, machine, plain)[0]

describe('resolveRoots', () => {
  test.each([
    [{ HF_HUB_CACHE: '/a', HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, '/a', 'HF_HUB_CACHE'],
    [{ HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, '/b', 'HUGGINGFACE_HUB_CACHE'],
    [{ HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, '/c/hub', 'HF_HOME'],
    [{ XDG_CACHE_HOME: '/d' }, '/d/huggingface/hub', 'XDG_CACHE_HOME'],
    [{}, '/home/u/.cache/huggingface/hub', 'default'],
  ])('%j leads to %s by the rule %s', (env, path, rule) => {
    expect(primary(env)).toEqual({ path, kind: 'primary', rule })
  })

  test('a variable set to nothing counts as unset', () => {
    expect(primary({ HF_HUB_CACHE: '', HF_HOME: '' })).toMatchObject({ path: '/home/u/.cache/huggingface/hub', rule: 'default' })
  })

  test('~ and $VAR are expanded, a slash at the end is dropped', () => {
    expect(primary({ HF_HOME: '~/hf' })).toMatchObject({ path: '/home/u/hf/hub' })
    expect(primary({ HF_HUB_CACHE: '$DISK/models/', DISK: '/mnt/x' })).toMatchObject({ path: '/mnt/x/models' })
  })

  test('primary first, then the demo while it is on, then the settings, each folder once', () => {
    const choices = { demoHub: '/data/demo/hub', demoEnabled: true, extraRoots: ['/mnt/a', '/c/hub', '', '~/b', '/mnt/a/'] }
    expect(resolveRoots({ HF_HOME: '/c' }, machine, choices)).toEqual([
      { path: '/c/hub', kind: 'primary', rule: 'HF_HOME' },
      { path: '/data/demo/hub', kind: 'demo', rule: 'demo' },
      { path: '/mnt/a', kind: 'extra', rule: 'settings' },
      { path: '/home/u/b', kind: 'extra', rule: 'settings' },
    ])
  })
})
