/** Everything that keys, menus and the palette can ask of the window. Those without a key stand in the palette alone. */
export type Command =
  | 'models'
  | 'discover'
  | 'downloads'
  | 'storage'
  | 'chat'
  | 'server'
  | 'settings'
  | 'search'
  | 'search_chats'
  | 'new_chat'
  | 'switch_model'
  | 'stop'
  | 'sidebar'
  | 'detail'
  | 'load_selected'
  | 'chat_selected'
  | 'verify'
  | 'repair'
  | 'remove'
  | 'reveal'
  | 'copy_url'
  | 'palette'
  | 'download'
  | 'server_start'
  | 'server_stop'
  | 'pause_all'
  | 'resume_all'

export interface Host {
  /** In the app every key is ours; a browser keeps some, its column of the table wins there. */
  isApp: boolean
  isMac: boolean
}

export type KeyPress = Pick<KeyboardEvent, 'code' | 'key' | 'metaKey' | 'ctrlKey' | 'altKey' | 'shiftKey'>

interface Binding {
  command: Command
  /** `mod` is ⌘ on a Mac and Ctrl elsewhere. Matched by the key's place for letters and digits: ⌥ changes what they type. */
  app: string
  browser: string
  keys: { app: string; browser: string }
}

const same = (command: Command, keys: string, shown: string): Binding => ({
  command,
  app: keys,
  browser: keys,
  keys: { app: shown, browser: shown },
})

const bindings: readonly Binding[] = [
  same('palette', 'mod+KeyK', '⌘K'),
  { command: 'models', app: 'mod+Digit1', browser: 'alt+Digit1', keys: { app: '⌘1', browser: '⌥1' } },
  { command: 'discover', app: 'mod+Digit2', browser: 'alt+Digit2', keys: { app: '⌘2', browser: '⌥2' } },
  { command: 'downloads', app: 'mod+Digit3', browser: 'alt+Digit3', keys: { app: '⌘3', browser: '⌥3' } },
  { command: 'storage', app: 'mod+Digit4', browser: 'alt+Digit4', keys: { app: '⌘4', browser: '⌥4' } },
  { command: 'chat', app: 'mod+Digit5', browser: 'alt+Digit5', keys: { app: '⌘5', browser: '⌥5' } },
  { command: 'server', app: 'mod+Digit6', browser: 'alt+Digit6', keys: { app: '⌘6', browser: '⌥6' } },
  { command: 'settings', app: 'mod+Comma', browser: 'mod+Comma', keys: { app: '⌘,', browser: '⌘,' } },
  { command: 'new_chat', app: 'mod+KeyN', browser: 'alt+KeyN', keys: { app: '⌘N', browser: '⌥N' } },
  { command: 'load_selected', app: 'mod+KeyL', browser: 'alt+KeyL', keys: { app: '⌘L', browser: '⌥L' } },
  { command: 'sidebar', app: 'ctrl+mod+KeyS', browser: 'alt+KeyS', keys: { app: '⌃⌘S', browser: '⌥S' } },
  { command: 'detail', app: 'alt+mod+KeyI', browser: 'alt+KeyI', keys: { app: '⌥⌘I', browser: '⌥I' } },
  { command: 'stop', app: 'mod+Period', browser: 'none', keys: { app: '⌘.', browser: 'Esc' } },
  same('search', 'mod+KeyF', '⌘F'),
  same('search_chats', 'mod+shift+KeyF', '⇧⌘F'),
  same('switch_model', 'mod+shift+KeyM', '⇧⌘M'),
  same('chat_selected', 'mod+Enter', '⌘↩'),
  same('verify', 'alt+mod+KeyV', '⌥⌘V'),
  same('repair', 'alt+mod+KeyR', '⌥⌘R'),
  same('remove', 'mod+Backspace', '⌘⌫'),
  { command: 'reveal', app: 'mod+KeyE', browser: 'none', keys: { app: '⌘E', browser: '' } },
  same('copy_url', 'alt+mod+KeyC', '⌥⌘C'),
]

/** In the order in which a list of them is read. */
export const commandsWithKeys: readonly Command[] = bindings.map(({ command }) => command)

function describe(press: KeyPress, { isMac }: Host): string {
  const mod = isMac ? press.metaKey : press.ctrlKey
  const names = [
    press.altKey ? 'alt' : null,
    isMac && press.ctrlKey ? 'ctrl' : null,
    mod ? 'mod' : null,
    press.shiftKey ? 'shift' : null,
    press.code,
  ]
  return names.filter((name) => name !== null).join('+')
}

/** The command of a key press, or null. */
export function findCommand(press: KeyPress, host: Host): Command | null {
  const pressed = describe(press, host)
  // Linux has one modifier less: Ctrl+Alt is both ⌃⌘ and ⌥⌘ there.
  const wanted = (binding: Binding): string => (host.isApp ? binding.app : binding.browser)
  const found = bindings.find((binding) => {
    const keys = wanted(binding)
    return keys === pressed || (!host.isMac && keys.replace('ctrl+mod', 'alt+mod') === pressed)
  })
  return found?.command ?? null
}

/** A shortcut as it is written on this system: `⌘F`, or `Ctrl+F`. */
export function shortcutLabel(command: Command, host: Host): string {
  const binding = bindings.find((entry) => entry.command === command)
  return writeKeys(binding?.keys[host.isApp ? 'app' : 'browser'] ?? '', host)
}

/** Keys in their Mac signs as they are written on this system. */
export function writeKeys(keys: string, { isMac }: Pick<Host, 'isMac'>): string {
  if (isMac) return keys
  return keys
    .replace('⌃⌘', 'Ctrl+Alt+')
    .replace('⌥⌘', 'Ctrl+Alt+')
    .replace('⇧⌘', 'Ctrl+Shift+')
    .replace('⌘', 'Ctrl+')
    .replace('⌥', 'Alt+')
    .replace('↩', 'Enter')
    .replace('⌫', 'Backspace')
    .replace('⎋', 'Esc')
}
