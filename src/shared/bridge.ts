/**
 * The one object that the preload shows to the window, as `window.mlxk`. Only in Electron; a browser page has none.
 *
 * `openPort` asks main; main checks the sender, serves one end of a new channel and sends the other to the preload, which hands it to
 * the page with `window.postMessage(PORT_MESSAGE, location.origin, [port])`. On it travels the protocol of `shared/rpc`.
 */
export interface Bridge {
  platform: 'darwin' | 'linux'
  /**
   * Asks the owner for a fresh port; the promise only says that it was asked. The port itself comes as a `message` event of this window
   * whose data is `PORT_MESSAGE` and whose `ports` holds it: a context bridge cannot return a port, only a message can carry one.
   * Rejects when there is no owner to connect to at the moment.
   */
  openPort: () => Promise<void>
  /**
   * Shows a model's folder in the Finder, or the system's file manager. Main asks the owner where the model lies: a page names models, never
   * paths. Rejects when the model is not there.
   */
  reveal: (model: string) => Promise<void>
}

/** The data of the window message that carries the port, and the name of the IPC channel between preload and main. */
export const PORT_MESSAGE = 'mlxk:port'

/** Name of the IPC channel of `reveal`. */
export const REVEAL_MESSAGE = 'mlxk:reveal'

/** What the app's menus ask of the window; its words are those of the window's own shortcuts. */
export type MenuCommand = 'models' | 'new_chat'

/** Begins the data of the window message that carries a menu's command: `mlxk:command:models`. Also the name of its IPC channel. */
export const COMMAND_MESSAGE = 'mlxk:command'
