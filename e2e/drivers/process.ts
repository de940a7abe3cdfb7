import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface CliResult {
  /** null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Collects what a started process prints until it has ended; after `timeoutMs` (30 s) it is killed. */
export function finish(child: ChildProcess, timeoutMs = 30_000): Promise<CliResult> {
  return new Promise((done, fail) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.once('error', fail)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      done({ code, signal, stdout, stderr })
    })
  })
}

/** The first line that a process prints on stdout. @throws Error with its stderr when it ends without one */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let stderr = ''
    child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
    if (child.stdout === null) return fail(new Error('stdout is not a pipe'))
    const lines = createInterface({ input: child.stdout })
    lines.once('line', (line) => done(line))
    lines.once('close', () => fail(new Error(`it ended without a line: ${stderr}`)))
  })
}

/** Ends what a test started and waits until it is gone: what it writes last must not come into a folder that is being removed. */
export function end(child: ChildProcess | null | undefined, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  return new Promise((done) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return done()
    child.once('exit', () => done())
    child.kill(signal)
  })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie has ended; only its parent has not looked yet.
    return !(process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  } catch {
    return false
  }
}
