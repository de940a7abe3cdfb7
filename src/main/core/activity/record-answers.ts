import { randomUUID } from 'node:crypto'
import type { Generator } from '../generation/types'
import type { RequestLog } from './request-log'

/** The generator of our own windows and commands: what they ask stands in the list of requests too. */
export function recordAnswers(generator: Generator, requests: Pick<RequestLog, 'begin'>): Generator {
  return {
    generate: (request, signal) => {
      const entry = requests.begin({ id: randomUUID(), route: 'chat', client: 'MLX Knife' })
      entry.describe({ model: request.model, stream: true })
      return entry.observe(generator.generate(request, signal), 1, (event) => event)
    },
  }
}
