import type { AppContract, EventOf, MethodNames, OutputOf, StreamNames } from '../../shared/contract'
import { AppError, toSerializedError } from '../../shared/errors'
import { createClient, type Client, type Frame, type Transport } from '../../shared/rpc'

type Answers = {
  [K in MethodNames<AppContract>]?: (input: unknown) => OutputOf<AppContract[K]> | Promise<OutputOf<AppContract[K]>>
}
type Streams = { [K in StreamNames<AppContract>]?: (input: unknown, signal: AbortSignal) => AsyncIterable<EventOf<AppContract[K]>> }

/** A real client over a transport that answers from functions; it records what was asked. */
export function fakeClient(
  methods: Answers,
  streams: Streams = {},
): { client: Client<AppContract>; transport: Transport; asked: [string, unknown][] } {
  const asked: [string, unknown][] = []
  const open = async function* (name: string, input: unknown, signal: AbortSignal): AsyncGenerator<Frame> {
    asked.push([name, input])
    // As the real transports do: an abort ends the call at once, whatever it waits for.
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new AppError('cancelled', 'The call was cancelled.')))
    })
    aborted.catch(() => undefined)
    try {
      const stream = (streams as Record<string, ((input: unknown, signal: AbortSignal) => AsyncIterable<unknown>) | undefined>)[
        name
      ]
      const method = (methods as Record<string, ((input: unknown) => unknown) | undefined>)[name]
      if (stream !== undefined) {
        const events = stream(input, signal)[Symbol.asyncIterator]()
        for (
          let next = await Promise.race([events.next(), aborted]);
          next.done !== true;
          next = await Promise.race([events.next(), aborted])
        )
          yield { type: 'data', data: next.value }
      } else if (method !== undefined) yield { type: 'data', data: await method(input) }
      yield { type: 'end' }
    } catch (error) {
      yield { type: 'error', error: toSerializedError(error) }
    }
  }
  return { client: createClient<AppContract>({ open }), transport: { open }, asked }
}

/** Events that a test sends one by one. */
export function channel<T>(): {
  send: (value: T) => void
  end: () => void
  fail: (error: unknown) => void
  events: AsyncIterable<T>
} {
  type Item = { value: T } | { end: true } | { error: unknown }
  const items: Item[] = []
  let wake = (): void => undefined
  const push = (item: Item): void => {
    items.push(item)
    wake()
  }
  return {
    send: (value) => push({ value }),
    end: () => push({ end: true }),
    fail: (error) => push({ error }),
    events: {
      [Symbol.asyncIterator]: async function* () {
        for (;;) {
          const item = items.shift()
          if (item === undefined)
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          else if ('value' in item) yield item.value
          else if ('error' in item) throw item.error
          else return
        }
      },
    },
  }
}
