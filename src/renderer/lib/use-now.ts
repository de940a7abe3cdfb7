import { useEffect, useState } from 'react'

const NOW_MS = 30_000

/** The time in ms, renewed now and then for words such as "4 min ago". */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), NOW_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}
