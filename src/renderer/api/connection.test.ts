import { describe, expect, it } from 'vitest'
import type { StateFrame } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import type { Frame } from '../../shared/rpc'
import { backOffMs, createConnection, type ConnectionState } from './connection'
import type { Link } from './transport'

const frame = (revision: number): StateFrame => ({ revision, changes: { models: { revision } } })

/** A link whose watch sends these frames and then ends as `last` says. */
function link(frames: StateFrame[], last: Frame): Link {
  return {
    close: () => undefined,
    transport: {
      open: async function* () {
        for (const data of frames) yield { type: 'data', data }
        yield last
      },
    },
  }
}

/** Runs a connection over the given tries, until none is left; tells all states and waits it went through. */
async function run(tries: (() => Promise<Link>)[]) {
  const states: ConnectionState[] = []
  const waits: number[] = []
  const frames: number[] = []
  let refused = 0
  await new Promise<void>((resolve) => {
    const connection = createConnection({
      openLink: () => {
        const next = tries.shift()
        if (next !== undefined) return next()
        connection.stop()
        resolve()
        return new Promise(() => undefined)
      },
      onFrame: ({ revision }) => void frames.push(revision),
      onRefused: () => {
        refused++
        resolve()
      },
      sleep: (ms) => {
        waits.push(ms)
        return Promise.resolve()
      },
    })
    connection.store.subscribe(({ state }) => states.push(state))
    connection.start()
  })
  return { states, waits, frames, refused }
}

const gone: Frame = { type: 'error', error: { code: 'connection_lost', message: 'gone' } }

describe('connection', () => {
  it('is live from the first frame and comes back after a loss without a word when the next try works', async () => {
    const { states, frames, waits } = await run([
      () => Promise.resolve(link([frame(1), frame(2)], gone)),
      () => Promise.resolve(link([frame(3)], gone)),
    ])
    expect(frames).toEqual([1, 2, 3])
    expect(states).not.toContain('lost')
    expect(waits).toEqual([100, 100])
  })

  it('says that it is lost when a second try fails, and waits longer each time', async () => {
    const fail = () => Promise.reject(new AppError('connection_lost', 'no'))
    const { states, waits } = await run([fail, fail, fail, () => Promise.resolve(link([frame(1)], gone))])
    expect(waits.slice(0, 3)).toEqual([100, 500, 1000])
    expect(states).toEqual(['lost', 'lost', 'live'])
  })

  it('ends for good when the owner refuses the token', async () => {
    const refusal: Frame = { type: 'error', error: { code: 'unauthorized', message: 'no' } }
    const { states, refused } = await run([() => Promise.resolve(link([], refusal))])
    expect(states).toEqual(['unauthorized'])
    expect(refused).toBe(1)
  })

  it('never waits longer than 2 s', () => {
    expect(Math.max(...Array.from({ length: 20 }, (_, attempt) => backOffMs(attempt)))).toBe(2000)
  })

  it('fails calls at once while there is no link', async () => {
    const { client } = createConnection({
      openLink: () => new Promise(() => undefined),
      onFrame: () => undefined,
      onRefused: () => undefined,
      sleep: () => Promise.resolve(),
    })
    await expect(client.call('app.info', {})).rejects.toMatchObject({ code: 'connection_lost' })
  })
})
