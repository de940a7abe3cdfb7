/**
 * Watches a download that may take as long as it likes, but must keep moving: gives up when no first byte, or no further one, comes
 * within `limitMs`.
 * @param {{limitMs: number, onStall: () => void}} options
 * @returns {{progress: (bytes: number) => void, stop: () => void}}
 */
export function watchProgress({ limitMs, onStall }) {
  let last = 0
  let timer = setTimeout(onStall, limitMs)
  return {
    progress: (bytes) => {
      if (bytes <= last) return
      last = bytes
      clearTimeout(timer)
      timer = setTimeout(onStall, limitMs)
    },
    stop: () => clearTimeout(timer),
  }
}
