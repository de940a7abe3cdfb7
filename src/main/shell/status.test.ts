import { describe, expect, test } from 'vitest'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serverLine, tooltip, TRAY_ICONS, trayIcon } from './status'
import { aJob, aLoaded, aState } from './test-states'

describe('the icon', () => {
  test.each([
    ['the API is ready', aState(), 'ready'],
    ['the API is stopped', aState({ server: 'stopped' }), 'stopped'],
    ['the API starts', aState({ server: 'starting' }), 'starting'],
    ['its port is taken', aState({ server: 'port_in_use' }), 'failed'],
    ['the API failed', aState({ server: 'failed' }), 'failed'],
    ['a model loads', aState({ loaded: [aLoaded({ state: 'loading' })] }), 'starting'],
    ['a model answers', aState({ loaded: [aLoaded({ in_flight: 1 })] }), 'answering'],
    [
      'a model crashed while another answers',
      aState({ loaded: [aLoaded({ state: 'crashed' }), aLoaded({ in_flight: 1 })] }),
      'failed',
    ],
    ['the engine is broken', aState({ engine: 'broken' }), 'needs-you'],
    ['the engine is being installed', aState({ engine: 'installing', jobs: [aJob()] }), 'downloading'],
    ['nobody answers yet', null, 'starting'],
  ])('when %s', (_name, state, expected) => {
    expect(trayIcon(state)).toBe(expected)
  })

  test('is drawn for every state, as a template and in colour, in three sizes', () => {
    const folder = join(__dirname, '../../../resources/icons/tray')
    for (const icon of TRAY_ICONS)
      for (const kind of ['Template', ''])
        for (const size of ['', '@2x', '@3x'])
          expect(existsSync(join(folder, `${icon}${kind}${size}.png`)), icon + kind + size).toBe(true)
  })
})

describe('words', () => {
  test('the first line says the truth about the server', () => {
    expect(serverLine(aState())).toBe('Server Ready on Port 11811')
    expect(serverLine(aState({ server: 'stopped' }))).toBe('Server Stopped')
    expect(serverLine(aState({ server: 'starting' }))).toBe('Server Starting…')
    expect(serverLine(aState({ server: 'port_in_use' }))).toBe('Port 11811 Is in Use')
    expect(serverLine(aState({ server: 'failed', reason: 'no permission' }))).toBe('Server Failed: no permission')
  })

  test('the tooltip counts models and their memory', () => {
    const held = [aLoaded({ memory_bytes: 2 ** 30 * 10 }), aLoaded({ name: 'b/c', memory_bytes: 2 ** 30 * 9.5 })]
    expect(tooltip(aState({ loaded: held }))).toBe('MLX Knife: server ready, 2 models, 19.5 GB')
    expect(tooltip(aState({ server: 'stopped' }))).toBe('MLX Knife: server stopped')
    expect(tooltip(aState({ loaded: [aLoaded({ memory_bytes: 2 ** 20 * 12 })] }))).toBe('MLX Knife: server ready, 1 model, 12 MB')
    expect(tooltip(null)).toBe('MLX Knife: starting')
  })
})
