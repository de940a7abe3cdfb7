import { readFileSync } from 'node:fs'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

export const DEFAULT_SIZE = { width: 1280, height: 800 }
export const MIN_SIZE = { width: 900, height: 600 }
const MAX_FILE_BYTES = 4_096

const windowState = z.object({
  width: z.number().int().min(MIN_SIZE.width).max(16_384),
  height: z.number().int().min(MIN_SIZE.height).max(16_384),
  x: z.number().int().optional(),
  y: z.number().int().optional(),
  maximized: z.boolean().default(false),
})

/** Where the window was when it was closed. Positions are in screen points. */
export type WindowState = z.infer<typeof windowState>

export interface Area {
  x: number
  y: number
  width: number
  height: number
}

/** The remembered state, or the default when there is none or it makes no sense. */
export function readWindowState(file: string): WindowState {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= MAX_FILE_BYTES) {
      const parsed = windowState.safeParse(JSON.parse(text))
      if (parsed.success) return parsed.data
    }
  } catch {
    // Nothing remembered, or not readable: the default is as good.
  }
  return { ...DEFAULT_SIZE, maximized: false }
}

/** Never fails: a size that cannot be remembered is no reason to trouble anybody. */
export function writeWindowState(file: string, state: WindowState): void {
  try {
    writeFileAtomic.sync(file, JSON.stringify(state), { mode: 0o600 })
  } catch {
    // As above.
  }
}

/** Fits the state to the displays of today: a window must not open where no display is any more, nor larger than its display. */
export function fitToDisplays(state: WindowState, workAreas: readonly Area[]): WindowState {
  const { x, y, ...rest } = state
  const home =
    x === undefined || y === undefined
      ? undefined
      : workAreas.find(
          (area) => x + 80 > area.x && x < area.x + area.width - 80 && y >= area.y - 10 && y < area.y + area.height - 40,
        )
  const area = home ?? workAreas[0]
  const size =
    area === undefined
      ? { width: rest.width, height: rest.height }
      : {
          width: Math.max(MIN_SIZE.width, Math.min(rest.width, area.width)),
          height: Math.max(MIN_SIZE.height, Math.min(rest.height, area.height)),
        }
  return { ...rest, ...size, ...(home === undefined ? {} : { x, y }) }
}
