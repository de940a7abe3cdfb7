/** Decides how many requests run at a time: more while that helps, fewer when the other side complains. */
export interface Ramp {
  /** How many may run now. */
  target: () => number
  /** Once per step, with the bytes that came in it. */
  step: (bytes: number) => void
  /** A 429 or a connection that gave no answer. */
  complain: () => void
}

const START = 4
const WORTH_IT = 1.05
/** After complaints, this many steps pass before more is tried. */
const CALM_STEPS = 20

/** @param limit read anew each time, since settings change */
export function createRamp(limit: () => number): Ramp {
  let wanted = START
  let before = 0
  let calm = 0
  let settled = false
  return {
    target: () => Math.max(1, Math.min(wanted, limit())),
    step: (bytes) => {
      if (calm > 0) {
        calm -= 1
        return
      }
      if (settled || wanted >= limit()) return
      if (before > 0 && bytes < before * WORTH_IT) settled = true
      else wanted = Math.min(limit(), wanted + 2)
      before = bytes
    },
    complain: () => {
      wanted = Math.max(1, Math.floor(Math.min(wanted, limit()) / 2))
      calm = CALM_STEPS
      settled = false
      before = 0
    },
  }
}
