/** Waits for all of `work`, but no longer than `ms`; failures go to `onError`. Never rejects. */
export async function within(ms: number, work: readonly Promise<unknown>[], onError: (error: unknown) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.all(work.map((part) => part.catch(onError))), late])
  clearTimeout(timer)
}
