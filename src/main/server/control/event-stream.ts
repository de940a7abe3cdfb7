import type { Frame } from '../../../shared/rpc'

/** Comments keep proxies and sleeping laptops from taking a quiet stream for a dead one. */
const HEART_BEAT_MS = 15_000

const encoder = new TextEncoder()

function encode(frame: Frame): Uint8Array {
  const data = frame.type === 'data' ? frame.data : frame.type === 'error' ? frame.error : {}
  return encoder.encode(`event: ${frame.type}\ndata: ${JSON.stringify(data ?? null)}\n\n`)
}

/**
 * Frames as server-sent events, pulled: a client that reads slowly slows the work behind. When the client leaves, `onLeave` is called
 * once and the frames are let go.
 */
export function toEventStream(
  frames: AsyncGenerator<Frame>,
  onLeave: () => void,
  heartBeatMs = HEART_BEAT_MS,
): ReadableStream<Uint8Array> {
  let timer: NodeJS.Timeout | null = null
  const stop = (): void => {
    if (timer !== null) clearInterval(timer)
    timer = null
  }
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        timer = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': still here\n\n'))
        }, heartBeatMs)
        timer.unref()
      },
      pull: async (controller) => {
        const { done, value } = await frames.next()
        if (timer === null) return
        if (done !== true) {
          controller.enqueue(encode(value))
          return
        }
        stop()
        controller.close()
      },
      cancel: () => {
        stop()
        onLeave()
        void frames.return(undefined).catch(() => undefined)
      },
    },
    // One frame ahead: the heart beat has room, the handler does not run away from its reader.
    { highWaterMark: 1 },
  )
}
