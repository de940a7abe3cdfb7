import { fireEvent, screen } from '@testing-library/react'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Setting } from '../../../shared/contract'
import { readAppearance } from '../../app/speech'
import { aWindow, renderIn } from '../../testing/render'
import { fakeClient } from '../../testing/fake-client'
import { fieldKinds, parseTyped, toText } from './fields'
import { Item } from './Item'
import licences from './licences.json'
import { createSettingsActions, createSettingsStore } from './store'

const aSetting = (key: string, more: Partial<Setting> = {}): Setting => ({
  key,
  summary: '',
  value: null,
  source: 'default',
  variable: null,
  variables: [],
  in_file: false,
  file_value: null,
  default: null,
  allowed: '',
  takes_effect: 'at once',
  problem: null,
  ...more,
})

describe('settings', () => {
  it('can all be set in the window: address and port in Server, the others here', () => {
    const shown = [...Object.keys(fieldKinds), 'server.host', 'server.port']
    const table = readFileSync(join(import.meta.dirname, '..', '..', '..', 'main', 'core', 'settings', 'fields.ts'), 'utf8')
    const all = [...table.matchAll(/section: '(\w+)',\s+key: '(\w+)'/g)].map(([, section, key]) => `${section}.${key}`)
    expect(all.length).toBeGreaterThan(15)
    expect(shown.toSorted()).toEqual(all.toSorted())
  })

  it.each([
    ['engine.max_models', '', null],
    ['engine.max_models', ' 3 ', 3],
    ['engine.max_models', '1.5', undefined],
    ['engine.max_models', 'many', undefined],
    ['engine.memory_limit_gb', '1,5', 1.5],
    ['downloads.connections', '', undefined],
    ['engine.python', ' /bin/python ', '/bin/python'],
    ['engine.python', '', null],
    ['cache.extra_roots', '/a\n\n /b \n', ['/a', '/b']],
    ['cache.extra_roots', '', []],
  ] as const)('%s typed as %j is %j', (key, text, value) => {
    expect(parseTyped(fieldKinds[key], text)).toEqual(value)
    if (value !== undefined) expect(parseTyped(fieldKinds[key], toText(value))).toEqual(value)
  })

  it('that a variable decides cannot be changed here, and say which variable', () => {
    const app = aWindow()
    app.stores.settings.setState({
      settings: [aSetting('log.level', { value: 'debug', source: 'environment', variable: 'MLXK_LOG_LEVEL' })],
    })
    renderIn(app, <Item name="log.level" />)
    expect(screen.getByText(/Set by the variable MLXK_LOG_LEVEL/)).toBeTruthy()
    expect(screen.queryByRole('combobox')).toBeNull()
  })

  it('are not sent while they make no sense, and what was typed goes with Escape', () => {
    const app = aWindow()
    app.stores.settings.setState({ settings: [aSetting('downloads.connections', { value: 8 })] })
    renderIn(app, <Item name="downloads.connections" />)
    const field = screen.getByRole('textbox', { name: 'Connections' })
    fireEvent.change(field, { target: { value: 'x' } })
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(screen.getByRole('button', { name: 'Apply' }).getAttribute('aria-disabled')).toBe('true')
    fireEvent.keyDown(field, { key: 'Escape' })
    expect((field as HTMLInputElement).value).toBe('8')
    expect(screen.queryByRole('button', { name: 'Apply' })).toBeNull()
  })

  it('take what the owner answers, and keep the old value with the reason when it refuses', async () => {
    const store = createSettingsStore()
    store.setState({ settings: [aSetting('engine.max_models', { value: 2 })] })
    const { client } = fakeClient({
      'config.set': (input) => {
        const { value } = input as { value: number }
        if (value > 100) throw new Error('no')
        return aSetting('engine.max_models', { value, in_file: true, source: 'settings' })
      },
    })
    const actions = createSettingsActions(client, store)
    expect(await actions.set('engine.max_models', 3)).toBe(true)
    expect(store.getState().settings?.[0]).toMatchObject({ value: 3, in_file: true })
    expect(await actions.set('engine.max_models', 300)).toBe(false)
    expect(store.getState().settings?.[0]).toMatchObject({ value: 3 })
    expect(store.getState().errors['engine.max_models']).toMatchObject({ code: 'internal' })
  })
})

describe('how the window looked last', () => {
  it.each([
    [null, 'system', 'system'],
    ['dark de', 'dark', 'de'],
    ['system en', 'system', 'en'],
    ['purple xx', 'system', 'system'],
    ['', 'system', 'system'],
  ])('%j is %s and %s', (text, theme, language) => expect(readAppearance({ read: () => text })).toEqual({ theme, language }))
})

it('every package that the sources import stands in the list of licences (else: node scripts/licences.mjs)', () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  const names = new Set(licences.map(({ name }) => name))
  const missing = new Set<string>()
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(name) || /\.test\.tsx?$|testing\/|test-/.test(name)) continue
    for (const [, from = ''] of readFileSync(join(root, name), 'utf8').matchAll(
      /^(?:import|export)\s(?!type\b)[^'"]*?from '([^'.][^']*)'/gm,
    )) {
      const found = from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/')
      if (!isBuiltin(from) && found !== 'electron' && !names.has(found)) missing.add(found)
    }
  }
  expect([...missing]).toEqual([])
  expect(licences.filter(({ licence }) => licence === 'see package')).toEqual([])
})
