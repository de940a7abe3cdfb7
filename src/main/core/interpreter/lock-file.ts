import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Platform } from '../system'

export interface EngineLock {
  path: string
  /** First 12 hex digits of the file's SHA-256: names the environment that it describes. */
  hash: string
  /** Lines that name a package; on one machine markers leave out a few. */
  packages: number
  /** Version of mlx-lm, for the command we tell users with an interpreter of their own. */
  mlxLm: string
}

/** Intel Macs have Apple's name too: there is one build of mlx for macOS, and a Node under Rosetta says x64 on a machine that it fits. */
function lockName({ os, arch }: Pick<Platform, 'os' | 'arch'>): string {
  if (os === 'darwin') return 'macos-arm64'
  return arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
}

/** The exact packages of the engine on this platform. @throws Error when the installation of MLX Knife is incomplete */
export function readLock(resources: string, platform: Pick<Platform, 'os' | 'arch'>): EngineLock {
  const path = join(resources, 'engine', 'lock', `${lockName(platform)}.txt`)
  const content = readFileSync(path)
  const names = content.toString('utf8').match(/^[A-Za-z0-9][\w.-]*==\S+/gm) ?? []
  return {
    path,
    hash: createHash('sha256').update(content).digest('hex').slice(0, 12),
    packages: names.length,
    mlxLm: names.find((name) => name.startsWith('mlx-lm=='))?.slice('mlx-lm=='.length) ?? '',
  }
}
