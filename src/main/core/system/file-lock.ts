import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, lstatSync, openSync } from 'node:fs'
import { toErrno } from '../../../shared/errors'
import type { Platform } from './paths'

/**
 * `held`: another process has it now. `free`: nobody does, whether or not the file is there. `unknown`: this machine or file system
 * cannot say, and only the file's age can be judged.
 */
export type FileLockState = 'held' | 'free' | 'unknown'

export type TakenFileLock = { state: 'taken'; release: () => Promise<void> } | { state: 'held' | 'unknown' }

/**
 * Asks and takes the advisory locks (`flock`) by which huggingface_hub guards its files. Node has no call for them: Linux asks the
 * `flock` program, macOS the flags of `open`. A lock taken here ends with this process, however that dies.
 */
export interface FileLocks {
  /** The state of each path, in the order given. Creates and keeps nothing; what is no regular file is `unknown`. */
  probe: (paths: readonly string[]) => Promise<FileLockState[]>
  /** Takes one lock on a file that is there. */
  take: (path: string) => Promise<TakenFileLock>
}

export interface FileLockDeps {
  platform: Pick<Platform, 'os'>
  spawn?: typeof spawn
  open?: (path: string, flags: number) => number
  close?: (descriptor: number) => void
}

/** Paths in one call of the shell. */
const BATCH = 200
/** From <fcntl.h> of macOS; Node's `constants` lack the lock. */
const MAC_FLAGS = 0x0004 /* O_NONBLOCK */ | 0x0020 /* O_EXLOCK */ | 0x0100 /* O_NOFOLLOW */
/** `flock` waits a moment for nothing: it answers at once or is stuck on a dead network volume. */
const ANSWER_MS = 5000
/** One line per file: what `flock` said. The lock is gone again before the next is asked for. */
const PROBE_SCRIPT = 'for file do flock -n "$file" true </dev/null >/dev/null 2>&1; echo $?; done'

type Kind = 'file' | 'none' | 'other'

function kindOf(path: string): Kind {
  try {
    return lstatSync(path).isFile() ? 'file' : 'other'
  } catch (error) {
    return toErrno(error) === 'ENOENT' ? 'none' : 'other'
  }
}

/** 0: had it; 1: another has it; the rest (no such program, no such right, no locks on this file system) says nothing. */
function fromExitCode(code: number | null): FileLockState {
  if (code === 0) return 'free'
  return code === 1 ? 'held' : 'unknown'
}

/** Ends a child that has not answered in time. */
function withDeadline(child: ChildProcess): () => void {
  const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS)
  return () => clearTimeout(timer)
}

function probeByProgram(run: typeof spawn, paths: readonly string[]): Promise<FileLockState[]> {
  return new Promise((resolve) => {
    const nothing = (): void => resolve(paths.map(() => 'unknown'))
    const child = run('sh', ['-c', PROBE_SCRIPT, 'sh', ...paths], { stdio: ['ignore', 'pipe', 'ignore'] })
    const answered = withDeadline(child)
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.once('error', nothing)
    child.once('close', () => {
      answered()
      const lines = said.trim().split('\n')
      resolve(paths.map((_path, index) => (/^\d+$/.test(lines[index] ?? '') ? fromExitCode(Number(lines[index])) : 'unknown')))
    })
  })
}

function takeByProgram(run: typeof spawn, path: string): Promise<TakenFileLock> {
  return new Promise((resolve) => {
    // Says a word when it has the lock, then keeps it until its stdin ends: at the latest with this process.
    const child = run('flock', ['-n', path, 'sh', '-c', 'echo taken; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] })
    const answered = withDeadline(child)
    const closed = new Promise<void>((done) => child.once('close', () => done()))
    child.stdin.on('error', () => undefined)
    child.stdout.once('data', () => {
      answered()
      resolve({
        state: 'taken',
        release: () => {
          child.stdin.end()
          return closed
        },
      })
    })
    child.once('error', () => {
      answered()
      resolve({ state: 'unknown' })
    })
    child.once('close', (code) => {
      answered()
      resolve({ state: fromExitCode(code) === 'held' ? 'held' : 'unknown' })
    })
  })
}

function takeByOpen({ open = openSync, close = closeSync }: FileLockDeps, path: string): TakenFileLock {
  try {
    const descriptor = open(path, MAC_FLAGS)
    return {
      state: 'taken',
      release: () => {
        close(descriptor)
        return Promise.resolve()
      },
    }
  } catch (error) {
    const errno = toErrno(error)
    return { state: errno === 'EAGAIN' || errno === 'EWOULDBLOCK' ? 'held' : 'unknown' }
  }
}

/** The locks of this machine. */
export function createFileLocks(deps: FileLockDeps): FileLocks {
  const run = deps.spawn ?? spawn
  const probeByOpen = async (path: string): Promise<FileLockState> => {
    const taken = takeByOpen(deps, path)
    if (taken.state !== 'taken') return taken.state
    await taken.release()
    return 'free'
  }
  return {
    probe: async (paths) => {
      const kinds = paths.map(kindOf)
      const files = paths.filter((_path, index) => kinds[index] === 'file')
      const states: FileLockState[] = []
      for (let start = 0; start < files.length; start += BATCH) {
        const batch = files.slice(start, start + BATCH)
        const answer = deps.platform.os === 'darwin' ? Promise.all(batch.map(probeByOpen)) : probeByProgram(run, batch)
        states.push(...(await answer))
      }
      const byPath = new Map(files.map((path, index) => [path, states[index] ?? 'unknown']))
      return paths.map((path, index) => (kinds[index] === 'none' ? 'free' : (byPath.get(path) ?? 'unknown')))
    },
    take: async (path) => {
      if (kindOf(path) !== 'file') return { state: 'unknown' }
      return deps.platform.os === 'darwin' ? takeByOpen(deps, path) : takeByProgram(run, path)
    },
  }
}
