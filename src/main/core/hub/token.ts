import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredToken } from '../secrets'
import { expandPath, readVariable, type Env, type Platform } from '../system'
import type { HubToken } from './types'

export interface TokenDeps {
  env: Env
  platform: Pick<Platform, 'home'>
  /** The token that somebody signed in with here. */
  readStored: () => Promise<StoredToken>
}

const MAX_LENGTH = 1024

/** A token as a header may carry it; null for what cannot be one. */
function clean(text: string | undefined): string | null {
  const token = text?.trim() ?? ''
  return /^[\x21-\x7e]+$/.test(token) && token.length <= MAX_LENGTH ? token : null
}

/** `HF_TOKEN_PATH`, else `token` in huggingface_hub's home. */
export function tokenFile(env: Env, { home }: Pick<Platform, 'home'>): string {
  const own = readVariable(env, 'HF_TOKEN_PATH')
  if (own !== undefined) return expandPath(own, env, home)
  const hfHome = readVariable(env, 'HF_HOME')
  if (hfHome !== undefined) return join(expandPath(hfHome, env, home), 'token')
  const xdg = readVariable(env, 'XDG_CACHE_HOME')
  return join(xdg === undefined ? join(home, '.cache') : expandPath(xdg, env, home), 'huggingface', 'token')
}

/** The first of environment, huggingface_hub's file and our own store that has a token; null: nobody is logged in. `sealed`: as `StoredToken`. */
export async function readToken({ env, platform, readStored }: TokenDeps): Promise<HubToken | 'sealed' | null> {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const token = clean(readVariable(env, name))
    if (token !== null) return { token, source: 'environment' }
  }
  const text = await readFile(tokenFile(env, platform), 'utf8').catch(() => '')
  const fromFile = clean(text)
  if (fromFile !== null) return { token: fromFile, source: 'token_file' }
  const stored = await readStored()
  if (stored === 'sealed') return stored
  const own = clean(stored?.token)
  return own === null ? null : { token: own, source: 'store' }
}
