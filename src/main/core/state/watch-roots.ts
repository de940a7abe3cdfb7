import { watch as watchFolder, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface RootsWatcherDeps {
  /** Absolute paths of the cache roots as they are now. */
  roots: () => readonly string[]
  /** Something in a root changed: models came, went or got other files. */
  onChange: () => void
  /** After every look of the poll: for others who have something to look at now and then. */
  onTick?: () => void
  intervalMs?: number
  /** The system's notices may cover all that is below a folder, at no cost: on macOS they do. */
  recursive?: boolean
  /** The system's notices. For tests. */
  watch?: (path: string, options: { persistent: boolean; recursive: boolean }, listener: () => void) => RootNotices
}

type RootNotices = Pick<FSWatcher, 'close'> & { on: (event: 'error', listener: () => void) => unknown }

const MAX_REVISIONS = 50

export interface RootsWatcher {
  /** Looks now, e.g. after the roots themselves changed. */
  check: () => Promise<void>
  close: () => void
}

async function stamp(path: string): Promise<string> {
  try {
    const { mtimeMs, ino } = await stat(path)
    return `${ino}:${mtimeMs}`
  } catch {
    return '-'
  }
}

/** Places of a model whose times tell of every step of a download: files that came, links to them, and the ref that is written last. */
async function placesOf(repo: string): Promise<string[]> {
  const revisions = await readdir(join(repo, 'snapshots')).catch(() => [])
  const fixed = ['', 'blobs', 'refs', 'refs/main', 'snapshots']
  return [...fixed, ...revisions.slice(0, MAX_REVISIONS).map((hash) => `snapshots/${hash}`)].map((place) => join(repo, place))
}

/** A few stats per model: folders change when something is added to or taken from them. Never throws. */
async function fingerprint(roots: readonly string[]): Promise<string> {
  const lines: string[] = []
  for (const root of roots) {
    lines.push(`${root} ${await stamp(root)}`)
    const names = await readdir(root).catch(() => [])
    for (const name of names) {
      if (!name.startsWith('models--')) continue
      const places = await placesOf(join(root, name))
      lines.push(`${name} ${(await Promise.all(places.map(stamp))).join(' ')}`)
    }
  }
  return lines.join('\n')
}

/**
 * Tells when the models on the disk change, whoever changes them. The system's own notice makes it quick where there is one; the slow
 * poll makes it sure, also on network volumes and for folders that come later.
 */
export function watchRoots({
  roots,
  onChange,
  onTick,
  intervalMs = 5000,
  recursive = process.platform === 'darwin',
  watch = watchFolder,
}: RootsWatcherDeps): RootsWatcher {
  const watchers = new Map<string, RootNotices>()
  let last: string | null = null
  let running: Promise<void> | null = null
  let closed = false
  let hurry: NodeJS.Timeout | null = null

  const soon = (): void => {
    if (hurry !== null || closed) return
    hurry = setTimeout(() => {
      hurry = null
      void check()
    }, 200)
    hurry.unref()
  }
  const follow = (wanted: readonly string[]): void => {
    for (const [root, watcher] of watchers) {
      if (wanted.includes(root)) continue
      watchers.delete(root)
      watcher.close()
    }
    for (const root of wanted) {
      if (watchers.has(root)) continue
      try {
        const watcher = watch(root, { persistent: false, recursive }, soon)
        watcher.on('error', () => {
          watchers.delete(root)
          watcher.close()
        })
        watchers.set(root, watcher)
      } catch {
        // A root that is not there (yet), or no more watches: the poll sees it.
      }
    }
  }
  const look = async (): Promise<void> => {
    const now = roots()
    const next = await fingerprint(now)
    if (closed) return
    follow(now)
    const changed = last !== null && last !== next
    last = next
    if (changed) onChange()
  }
  function check(): Promise<void> {
    running ??= look().finally(() => {
      running = null
    })
    return running
  }

  const timer = setInterval(() => void check().then(onTick), intervalMs)
  timer.unref()
  return {
    check,
    close: () => {
      closed = true
      clearInterval(timer)
      if (hurry !== null) clearTimeout(hurry)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}
