import { readVariable, type Env } from '../../core/system'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = Record<Style, (text: string) => string>

const codes: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** `--no-color` over `NO_COLOR` (no-color.org: any non-empty value) over `FORCE_COLOR` over what the output is. */
export function wantsColor(env: Env, isTTY: boolean, allowed: boolean): boolean {
  if (!allowed || readVariable(env, 'NO_COLOR') !== undefined) return false
  const force = readVariable(env, 'FORCE_COLOR')
  if (force !== undefined) return force !== '0' && force !== 'false'
  return isTTY && env['TERM'] !== 'dumb'
}

/** Functions that wrap a text in terminal colours, or leave it as it is. */
export function createPaint(enabled: boolean): Paint {
  const style = ([on, off]: [number, number]): ((text: string) => string) =>
    enabled ? (text) => `\u001B[${on}m${text}\u001B[${off}m` : (text) => text
  return {
    bold: style(codes.bold),
    dim: style(codes.dim),
    red: style(codes.red),
    green: style(codes.green),
    yellow: style(codes.yellow),
    cyan: style(codes.cyan),
  }
}
