import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, expect, test } from 'vitest'
import { healthyFiles } from '../../fixtures/cache'
import { startFakeHub } from '../../fakes/hub'
import { needsEngine } from '../../setup/needs'
import { createCacheHome, hf } from '../interop/support'
import { install, startDaemon } from './support'

const folder = needsEngine() ? install() : mkdtempSync(join(tmpdir(), 'mlxk-none-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

test.skipIf(!needsEngine())(
  'a model that hf downloads appears in the state of the owner by itself, whole, and one that hf removes disappears',
  async () => {
    const id = 'org/Pulled-4bit'
    const home = createCacheHome()
    const server = await startFakeHub()
    server.publish({ id, files: healthyFiles() })
    const daemon = await startDaemon(folder, join(home.root, 'data'), { HF_HOME: join(home.root, 'hf'), HOME: home.root })
    try {
      const frames = daemon.client.stream('state.watch', {})
      await frames.next()
      /** Waits for what the owner says of its own accord; only then is it asked for the list. */
      const until = async (holds: (models: { name: string; health: string }[]) => boolean): Promise<void> => {
        for (;;) {
          // Not a loop over the frames: its end would end the stream, too.
          const { done, value } = await frames.next()
          if (done === true) throw new Error('The owner stopped to tell.')
          if (value.changes.models !== undefined && holds((await daemon.client.call('models.list', {})).models)) return
        }
      }
      const appeared = until((models) => models.some(({ name, health }) => name === id && health === 'healthy'))
      expect(await hf(home, server.url, ['download', id])).toMatchObject({ code: 0 })
      await appeared
      const gone = until((models) => models.length === 0)
      expect(await hf(home, server.url, ['cache', 'rm', `model/${id}`, '--yes'])).toMatchObject({ code: 0 })
      await gone
    } finally {
      daemon.process.kill('SIGTERM')
      await daemon.ended
      await server.close()
      home.remove()
    }
  },
  60_000,
)
