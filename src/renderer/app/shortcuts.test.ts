import { describe, expect, it } from 'vitest'
import { findCommand, shortcutLabel, type Host, type KeyPress } from './shortcuts'

const mac: Host = { isApp: true, isMac: true }
const linux: Host = { isApp: true, isMac: false }
const browser: Host = { isApp: false, isMac: true }

const press = (code: string, ...keys: ('meta' | 'ctrl' | 'alt' | 'shift')[]): KeyPress => ({
  code,
  key: '',
  metaKey: keys.includes('meta'),
  ctrlKey: keys.includes('ctrl'),
  altKey: keys.includes('alt'),
  shiftKey: keys.includes('shift'),
})

describe('keyboard', () => {
  it.each([
    [press('Digit1', 'meta'), mac, 'models'],
    [press('Digit1', 'ctrl'), linux, 'models'],
    [press('Digit1', 'alt'), browser, 'models'],
    // The browser keeps its own tabs.
    [press('Digit1', 'meta'), browser, null],
    [press('Digit5', 'meta'), mac, 'chat'],
    [press('KeyF', 'meta'), browser, 'search'],
    [press('KeyM', 'meta', 'shift'), mac, 'switch_model'],
    [press('Enter', 'meta'), mac, 'chat_selected'],
    [press('KeyS', 'meta', 'ctrl'), mac, 'sidebar'],
    [press('KeyS', 'ctrl', 'alt'), linux, 'sidebar'],
    [press('KeyI', 'meta', 'alt'), mac, 'detail'],
    [press('Period', 'meta'), mac, 'stop'],
    [press('KeyA'), mac, null],
  ])('%o on %o is %s', (keys, host, command) => expect(findCommand(keys, host)).toBe(command))

  it('writes a shortcut as the system does', () => {
    expect(shortcutLabel('search', mac)).toBe('⌘F')
    expect(shortcutLabel('search', linux)).toBe('Ctrl+F')
    expect(shortcutLabel('switch_model', linux)).toBe('Ctrl+Shift+M')
    expect(shortcutLabel('models', { isApp: false, isMac: false })).toBe('Alt+1')
    expect(shortcutLabel('stop', browser)).toBe('Esc')
  })
})
