/**
 * What the preload gives the page, as `window.mlxk`; absent in a browser. A MessagePort cannot be returned across the context bridge, so
 * it is transferred beside it:
 *
 * 1. the page draws an id and calls `window.mlxk.openPort(id)`;
 * 2. main checks the sender, makes a channel and serves one end;
 * 3. the preload hands the other end over with `window.postMessage({ type: 'mlxk:port', id }, location.origin, [port])`.
 *
 * The page takes it from the `message` event whose `source` is `window` and whose data has its id, then speaks the RPC protocol of
 * `shared/rpc` on it. Closing the port, or leaving the page, aborts its calls. When the owner behind the port goes away main closes the
 * port: the page sees `close` (where the runtime has that event) or its state stream failing, and opens a new one.
 */
export interface Bridge {
  platform: 'darwin' | 'linux'
  /** Asks for a connection. `id` comes back with the port; at most 64 characters. */
  openPort: (id: string) => void
}

/** Data of the `message` event that carries the port. */
export interface PortMessage {
  type: 'mlxk:port'
  id: string
}

/** IPC channel, page to main and back with the port: `[id]`. */
export const PORT_CHANNEL = 'mlxk:port'
