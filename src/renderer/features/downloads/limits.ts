/** As the value of a menu's choice, which is a text. */
export const UNLIMITED = 'none'

const SPEEDS = [1, 5, 10, 25, 50, 100] as const
const CONNECTIONS = [1, 2, 4, 8, 16] as const

const withOwn = (usual: readonly number[], own: number): number[] =>
  usual.includes(own) ? [...usual] : [...usual, own].sort((a, b) => a - b)

/** MB a second to choose from, none first; what was set elsewhere is among them. */
export const speedChoices = (now: number | null): (number | null)[] => [null, ...withOwn(SPEEDS, now ?? SPEEDS[0])]

/** Requests at a time to choose from; what was set elsewhere is among them. */
export const connectionChoices = (now: number): number[] => withOwn(CONNECTIONS, now)
