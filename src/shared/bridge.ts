/**
 * The one object that the preload shows to the window, as `window.mlxk`. Only in Electron; a browser page has none.
 */
export interface Bridge {
  platform: 'darwin' | 'linux'
  /**
   * Asks the owner for a fresh port; the promise only says that it was asked. The port itself comes as a `message` event of this window
   * whose data is `PORT_MESSAGE` and whose `ports` holds it: a context bridge cannot return a port, only a message can carry one.
   */
  openPort: () => Promise<void>
}

/** The data of the window message that carries the port. */
export const PORT_MESSAGE = 'mlxk:port'
