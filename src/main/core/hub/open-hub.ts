import { setTimeout } from 'node:timers/promises'
import { version } from '../../../shared/version'
import type { Env, Platform } from '../system'
import { createHubClient, type HubClient } from './client'
import { readPlace } from './endpoint'
import type { RetryDeps } from './retry'
import { readToken } from './token'
import { createTransport } from './transport'

export interface OpenHubDeps {
  env: Env
  platform: Pick<Platform, 'home' | 'os' | 'arch'>
  /** The token that `mlxk login` stored; null: none. */
  readStored: () => Promise<string | null>
  onWait?: RetryDeps['onWait']
}

export interface OpenHub {
  client: HubClient
  close: () => Promise<void>
}

/** The Hub of the environment, asked with the token of whoever is logged in. @throws AppError invalid_setting */
export function openHub({ env, platform, readStored, onWait }: OpenHubDeps): OpenHub {
  const { endpoint, offline } = readPlace(env)
  const token = async (): Promise<string | null> => (await readToken({ env, platform, readStored }))?.token ?? null
  const transport = createTransport({
    endpoint,
    env,
    readToken: token,
    userAgent: `mlx-knife/${version} (${platform.os}; ${platform.arch})`,
    connections: 16,
  })
  const client = createHubClient({
    endpoint,
    offline,
    transport,
    retrying: {
      sleep: async (ms, signal) => await setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
      random: Math.random,
      ...(onWait === undefined ? {} : { onWait }),
    },
    hasToken: async () => (await token()) !== null,
    now: Date.now,
  })
  return { client, close: transport.close }
}
