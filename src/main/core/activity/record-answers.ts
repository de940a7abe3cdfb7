import { randomUUID } from 'node:crypto'
import type { Generator } from '../generation/types'
import type { RequestLog } from './request-log'

/** The generator of our own windows and commands: what they ask stands in the list of requests too. */
export function recordAnswers(generator: Generator, requests: Pick<RequestLog, 'begin'>): Generator {
  return {
    generate: async function* (request, signal) {
      const entry = requests.begin({ id: randomUUID(), route: 'chat', client: 'MLX Knife' })
      entry.describe({ model: request.model, stream: true })
      const hear = entry.watch(1)
      try {
        for await (const event of generator.generate(request, signal)) {
          hear(event)
          yield event
        }
      } catch (error) {
        entry.fail(error)
        throw error
      } finally {
        entry.leave()
      }
    },
  }
}
