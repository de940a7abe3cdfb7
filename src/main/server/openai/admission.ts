import { AppError } from '../../../shared/errors'
import type { ApiLimits } from './deps'

/** A request's place among those that are answered or wait for their turn. */
export interface Place {
  /** Takes bytes of the request into memory. @throws AppError rate_limit_exceeded when there are too many of all requests together */
  hold: (bytes: number) => void
  /** Again does nothing. */
  leave: () => void
}

/**
 * Bounds what waits, by number and by bytes: a request that is let in is kept, with its body, until its model has time for it, so the
 * sum of the bodies is what the queue takes. Bytes count from the moment they arrive, also while a body is still being sent.
 */
export function createAdmission({ maxOpen, maxOpenBytes }: Pick<ApiLimits, 'maxOpen' | 'maxOpenBytes'>): { enter: () => Place } {
  let open = 0
  let bytes = 0
  return {
    /** @throws AppError rate_limit_exceeded */
    enter: () => {
      if (open >= maxOpen) throw tooMany(`${open} requests are being answered or wait for it already.`)
      open += 1
      let own = 0
      let inside = true
      return {
        hold: (more) => {
          if (bytes + more > maxOpenBytes) {
            throw tooMany(
              `The requests that wait already have the ${Math.floor(maxOpenBytes / 2 ** 20)} MiB that this server keeps.`,
            )
          }
          bytes += more
          own += more
        },
        leave: () => {
          if (!inside) return
          inside = false
          open -= 1
          bytes -= own
        },
      }
    },
  }
}

function tooMany(message: string): AppError {
  return new AppError('rate_limit_exceeded', message, { hint: 'Try again in a moment.' })
}
