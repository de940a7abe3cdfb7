import { AppError } from '../../../../shared/errors'

/**
 * The promise, or as soon as one of the signals is aborted its reason when that is an error of ours, else `cancelled`. The promise goes on
 * without us.
 */
export async function untilAborted<T>(promise: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  const settled = new AbortController()
  const aborted = new Promise<never>((_resolve, reject) => {
    for (const signal of signals) {
      const abort = (): void => reject(signal.reason instanceof AppError ? signal.reason : cancelled())
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true, signal: settled.signal })
    }
  })
  try {
    // First, so that it wins over a promise that has settled as well.
    return await Promise.race([aborted, promise])
  } finally {
    settled.abort()
  }
}

/** @throws AppError cancelled */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await untilAborted(slept, signal)
  } finally {
    clearTimeout(timer)
  }
}

function cancelled(): AppError {
  return new AppError('cancelled', 'The call was cancelled.')
}

/** Runs tasks one after the other, whatever becomes of each. */
export function createSerialQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const next = last.then(task, task)
    last = next.catch(() => undefined)
    return next
  }
}
