import { createTestStorage } from '../../fixtures/storage'

/** A process of its own that removes: argv is the home and a model to remove, or nothing to prune. Says `ready` before it begins. */
const [home = '', spec] = process.argv.slice(2)
process.stdout.write('ready\n')
process.stdin.once('data', () => {
  const { storage } = createTestStorage({ home })
  const work = spec === undefined ? storage.prune() : storage.remove(spec, { force: true })
  work.then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
