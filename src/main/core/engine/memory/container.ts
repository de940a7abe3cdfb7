import { posix } from 'node:path'

export interface ContainerMemory {
  limitBytes: number
  /** Without file pages that the kernel would give back at once. */
  usedBytes: number
}

/** cgroup 1 says "no limit" with the largest page-aligned number; nothing real is near it. */
const unlimited = 2 ** 60

/**
 * The tightest memory limit of the control groups that this process is in, version 2 or 1; null when there is none. A container often sees
 * its own group as the root of the mount while /proc names the host's path: so every ancestor is looked at, down to the mount itself.
 */
export async function readContainer(file: (path: string) => Promise<string>): Promise<ContainerMemory | null> {
  const groups = parseGroups(await file('/proc/self/cgroup').catch(() => ''))
  const found = await Promise.all(
    groups.flatMap(({ root, path, names }) => ancestors(path).map((at) => readGroup(file, root + at, names))),
  )
  // The one that has the least left stops us first.
  return (
    found.filter((group) => group !== null).sort((a, b) => a.limitBytes - a.usedBytes - (b.limitBytes - b.usedBytes))[0] ?? null
  )
}

interface GroupNames {
  limit: string
  used: string
  reclaimable: string
}

const version2: GroupNames = { limit: 'memory.max', used: 'memory.current', reclaimable: 'inactive_file' }
const version1: GroupNames = { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', reclaimable: 'total_inactive_file' }

/** `0::/user.slice/…` (2) and `9:memory:/docker/…` (1). */
function parseGroups(text: string): { root: string; path: string; names: GroupNames }[] {
  return text.split('\n').flatMap((line) => {
    const [id, controllers, ...rest] = line.split(':')
    const path = posix.normalize(`/${rest.join(':')}`)
    if (id === '0' && controllers === '') return [{ root: '/sys/fs/cgroup', path, names: version2 }]
    return controllers?.split(',').includes('memory') === true ? [{ root: '/sys/fs/cgroup/memory', path, names: version1 }] : []
  })
}

function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return Array.from({ length: parts.length + 1 }, (_, count) =>
    parts
      .slice(0, count)
      .map((part) => `/${part}`)
      .join(''),
  )
}

async function readGroup(
  file: (path: string) => Promise<string>,
  folder: string,
  names: GroupNames,
): Promise<ContainerMemory | null> {
  const limitBytes = toBytes(await file(`${folder}/${names.limit}`).catch(() => ''))
  if (limitBytes === null || limitBytes >= unlimited) return null
  const [used, stat] = await Promise.all([
    file(`${folder}/${names.used}`).catch(() => ''),
    file(`${folder}/memory.stat`).catch(() => ''),
  ])
  const reclaimable = new RegExp(`^${names.reclaimable} (\\d+)$`, 'm').exec(stat)
  return { limitBytes, usedBytes: Math.max(0, (toBytes(used) ?? 0) - Number(reclaimable?.[1] ?? 0)) }
}

function toBytes(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : null
}
