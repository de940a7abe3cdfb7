import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/**
 * The tests' Hub in a process of its own, so that its work is not ours.
 * @param repos name → path → text, or number of bytes of a safetensors file
 * @param bytesPerSecond of each connection to the files; 0 = as fast as it goes
 */
export async function startFakeHubProcess(repos, bytesPerSecond = 0) {
  const child = fork(join(import.meta.dirname, '..', 'sides', 'fake-hub.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send({ repos, bytesPerSecond })
  const [{ url }] = await once(child, 'message')
  return {
    url,
    /** Bytes of files sent so far. */
    bytesSent: async () => {
      child.send('bytes')
      const [{ bytes }] = await once(child, 'message')
      return bytes
    },
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
