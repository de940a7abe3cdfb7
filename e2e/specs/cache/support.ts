import { beforeEach, expect } from 'vitest'
import { publishedEnvelope } from '../../../src/main/cli/output/published'
import { mlxk, type CliOptions } from '../../drivers/cli'
import { createHome, type TestHome } from '../cli/home'

interface Envelope {
  status: string
  data: Record<string, unknown> | null
  error: { type: string; message: string; matches?: string[]; available_hashes?: string[] } | null
}

/** A cache of its own for each test, and what the built CLI says of it. */
export interface RowCache {
  home: () => TestHome
  hub: () => string
  /** One command with `--json`: its document and exit code. Nothing else may be printed. */
  ask: (args: string[], options?: CliOptions) => Promise<Envelope & { code: number | null }>
  /** The rows of `mlxk list --json`, in mlx-knife's published shape. */
  list: (args?: string[], options?: CliOptions) => Promise<ReturnType<typeof rowsOf>>
  /** The name of the model that `mlxk show` finds, or null. */
  shown: (spec: string, options?: CliOptions) => Promise<string | null>
}

const rowsOf = (text: string) => publishedEnvelope('list').parse(JSON.parse(text)).data.models

export const namesOf = (models: readonly { name: string }[]): string[] => models.map(({ name }) => name)
/** A commit that begins so. */
export const full = (beginning: string): string => beginning.padEnd(40, '0')

export function useRowCache(): RowCache {
  let home: TestHome
  beforeEach(() => {
    home = createHome()
    return () => home.remove()
  })
  const within = (options: CliOptions): CliOptions => ({ ...options, env: { ...home.env, ...options.env } })
  const ask: RowCache['ask'] = async (args, options = {}) => {
    const { code, stdout, stderr } = await mlxk([...args, '--json'], within(options))
    expect(stderr).toBe('')
    return { code, ...(JSON.parse(stdout) as Envelope) }
  }
  return {
    home: () => home,
    hub: () => home.hub,
    ask,
    list: async (args = [], options = {}) => {
      const { code, stdout } = await mlxk(['list', ...args, '--json'], within(options))
      expect(code).toBe(0)
      return rowsOf(stdout)
    },
    shown: async (spec, options = {}) => {
      const { data } = await ask(['show', spec], options)
      return (data as { model?: { name: string } } | null)?.model?.name ?? null
    },
  }
}
