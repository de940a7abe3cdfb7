import type { MenuItemConstructorOptions } from 'electron'
import type { AppState, ModelSummary } from '../../shared/contract'
import { describe, expect, test, vi } from 'vitest'
import { aLoaded, aModel, aState } from './test-states'
import { buildTrayMenu, isRunnable, type TrayActions } from './tray-menu'

const actions = () =>
  ({
    copyText: vi.fn(),
    load: vi.fn(),
    unload: vi.fn(),
    startServer: vi.fn(),
    stopServer: vi.fn(),
    open: vi.fn(),
    quit: vi.fn(),
  }) satisfies TrayActions

type Item = MenuItemConstructorOptions
const labels = (items: readonly Item[]): (string | undefined)[] =>
  items.map((item) => (item.type === 'separator' ? '──' : item.label))
const find = (items: readonly Item[], label: string): Item => {
  const item = items.find((entry) => entry.label === label)
  if (item === undefined) throw new Error(`no entry "${label}" in ${labels(items).join(', ')}`)
  return item
}
const under = (item: Item): Item[] => item.submenu as Item[]
const click = (item: Item): void => (item.click as unknown as () => void)()

const BASE = 'http://127.0.0.1:11811/v1'
const menuOf = (state: AppState | null, models: ModelSummary[], act: TrayActions): Item[] =>
  buildTrayMenu({ state, models, problem: null }, act)

describe('the tray menu', () => {
  test('shows server, models and ways in, in the order of the design', () => {
    expect(labels(menuOf(aState(), [], actions()))).toEqual([
      'Server Ready on Port 11811',
      'Copy Base URL',
      '──',
      'Nothing Loaded',
      'Load Model',
      '──',
      'Open MLX Knife',
      'New Chat',
      'Models',
      '──',
      'Stop Server',
      'Quit MLX Knife',
    ])
  })

  test('offers only ways in and quitting while no owner answers', () => {
    expect(labels(menuOf(null, [aModel()], actions()))).toEqual([
      'Server Starting…',
      'Copy Base URL',
      '──',
      'Open MLX Knife',
      'New Chat',
      'Models',
      '──',
      'Quit MLX Knife',
    ])
  })

  test('copies the base URL, and cannot while there is none', () => {
    const act = actions()
    click(find(menuOf(aState(), [], act), 'Copy Base URL'))
    expect(act.copyText).toHaveBeenCalledWith(BASE)
    expect(find(menuOf(aState({ server: 'stopped' }), [], act), 'Copy Base URL').enabled).toBe(false)
  })

  test('shows each loaded model with its memory and unloads it', () => {
    const act = actions()
    const state = aState({ loaded: [aLoaded({ memory_bytes: 2 ** 30 * 4.5 })] })
    const menu = menuOf(state, [aModel()], act)
    expect(labels(menu)).toContain('Loaded, 4.5 GB')
    click(find(under(find(menu, 'Small-4bit   4.5 GB')), 'Unload'))
    expect(act.unload).toHaveBeenCalledWith('org/Small-4bit')
    click(find(under(find(menu, 'Small-4bit   4.5 GB')), 'Copy Model ID'))
    expect(act.copyText).toHaveBeenCalledWith('org/Small-4bit')
  })

  test('shows how far a model is, and offers to load a crashed one again', () => {
    const act = actions()
    const loading = menuOf(aState({ loaded: [aLoaded({ state: 'loading', progress: 0.637 })] }), [], act)
    expect(labels(loading)).toContain('Small-4bit   Loading 63 %')
    const crashed = menuOf(aState({ loaded: [aLoaded({ state: 'crashed' })] }), [], act)
    click(find(under(find(crashed, 'Small-4bit   Stopped Unexpectedly')), 'Load Again'))
    expect(act.load).toHaveBeenCalledWith('org/Small-4bit')
  })

  test('loads a runnable model that is not loaded, newest first', () => {
    const act = actions()
    const models = [
      aModel({ name: 'org/Loaded' }),
      aModel({ name: 'org/Old', last_modified: '2025-01-01T00:00:00Z' }),
      aModel({ name: 'org/New', last_modified: '2026-02-01T00:00:00Z' }),
      aModel({ name: 'org/Broken', health: 'unhealthy' }),
    ]
    const menu = menuOf(aState({ loaded: [aLoaded({ name: 'org/Loaded' })] }), models, act)
    const entries = under(find(menu, 'Load Model'))
    expect(labels(entries)).toEqual(['New', 'Old', '──', 'All Models…'])
    click(find(entries, 'New'))
    expect(act.load).toHaveBeenCalledWith('org/New')
    click(find(entries, 'All Models…'))
    expect(act.open).toHaveBeenCalledWith('models')
  })

  test('shows at most eight models to load, and says when there are none', () => {
    const many = Array.from({ length: 20 }, (_, i) => aModel({ name: `org/m${i}` }))
    expect(under(find(menuOf(aState(), many, actions()), 'Load Model'))).toHaveLength(10)
    expect(under(find(menuOf(aState(), [], actions()), 'Load Model'))[0]).toMatchObject({
      label: 'No Models to Load',
      enabled: false,
    })
  })

  test('tells models of the same name apart by their owner', () => {
    const models = [aModel({ name: 'one/Same' }), aModel({ name: 'two/Same' }), aModel({ name: 'two/R&D' })]
    const entries = labels(under(find(menuOf(aState(), models, actions()), 'Load Model')))
    expect(entries).toEqual(expect.arrayContaining(['one/Same', 'two/Same', 'R&&D']))
  })

  test('starts and stops the server', () => {
    const act = actions()
    click(find(menuOf(aState(), [], act), 'Stop Server'))
    click(find(menuOf(aState({ server: 'stopped' }), [], act), 'Start Server'))
    click(find(menuOf(aState({ server: 'port_in_use' }), [], act), 'Start Server'))
    expect(act.stopServer).toHaveBeenCalledOnce()
    expect(act.startServer).toHaveBeenCalledTimes(2)
  })

  test('says why there is no owner', () => {
    const menu = buildTrayMenu({ state: null, models: [], problem: 'The disk is full.' }, actions())
    expect(menu[0]?.label).toBe('MLX Knife Failed: The disk is full.')
  })

  test('calls runnable what the engine can load', () => {
    expect(isRunnable(aModel())).toBe(true)
    for (const no of [
      aModel({ framework: 'GGUF' }),
      aModel({ health: 'unhealthy' }),
      aModel({ runtime_compatible: false }),
      aModel({ capabilities: ['embeddings'] }),
    ])
      expect(isRunnable(no)).toBe(false)
  })
})
