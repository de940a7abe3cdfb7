import { createServer } from 'node:net'
import { toErrno } from '../../shared/errors'

/** Whether a server could listen on this loopback port now. Opens it for a moment, which no client notices. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error) => done(toErrno(error) !== 'EADDRINUSE'))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => done(true)))
  })
}
