import { setTimeout } from 'node:timers/promises'
import { version } from '../../../shared/version'
import type { StoredToken } from '../secrets'
import type { Env, Platform } from '../system'
import { createHubClient, type HubClient } from './client'
import { readPlace } from './endpoint'
import type { RetryDeps } from './retry'
import { readToken } from './token'
import { createTransport } from './transport'
import type { TokenState } from './types'

export interface OpenHubDeps {
  env: Env
  platform: Pick<Platform, 'home' | 'os' | 'arch'>
  /** The token that somebody signed in with here. */
  readStored: () => Promise<StoredToken>
  onWait?: RetryDeps['onWait']
}

export interface OpenHub {
  client: HubClient
  close: () => Promise<void>
}

/** The Hub of the environment, asked with the token of whoever is logged in. @throws AppError invalid_setting */
export function openHub({ env, platform, readStored, onWait }: OpenHubDeps): OpenHub {
  const { endpoint, offline } = readPlace(env)
  const read = (): ReturnType<typeof readToken> => readToken({ env, platform, readStored })
  const token = async (): Promise<string | null> => {
    const found = await read()
    return found === null || found === 'sealed' ? null : found.token
  }
  const tokenState = async (): Promise<TokenState> => {
    const found = await read()
    return found === null ? 'none' : found === 'sealed' ? 'sealed' : 'sent'
  }
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
    tokenState,
    now: Date.now,
  })
  return { client, close: transport.close }
}
