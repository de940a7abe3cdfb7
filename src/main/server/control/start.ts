import type { Hono } from 'hono'
import { listen, type Listening } from '../http'

/**
 * Listens on loopback only. The port of the last start first, so that open pages and links find us again; when it is taken, any: those
 * who look for us read `control.json`.
 */
export async function listenControl(app: Hono, preferredPort: number): Promise<Listening> {
  const open = (port: number): Promise<Listening> => listen(app.fetch, { port, findPortUser: () => Promise.resolve(null) })
  if (preferredPort !== 0) {
    try {
      return await open(preferredPort)
    } catch {
      // Whatever is wrong with that port, another will do.
    }
  }
  return open(0)
}
