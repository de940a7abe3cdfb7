import { spawn, type ChildProcess } from 'node:child_process'
import { ensureBuilt, projectFile } from '../setup/build'
import { finish, type CliResult } from './process'

ensureBuilt()

/** The built command line, for `node`. */
export const mlxkPath = projectFile('out', 'main', 'cli.cjs')
const binPath = { mlxk: projectFile('bin', 'mlxk.cjs'), mlxk2: projectFile('bin', 'mlxk2.cjs') }

export interface CliOptions {
  env?: Record<string, string | undefined>
  timeoutMs?: number
  /** `mlxk2` starts the flat form. */
  json?: 'mlxk2'
  /** Standard input; without it there is none (/dev/null). */
  input?: string
  cwd?: string
  /** A program and its arguments that start the command line, as `setpriv` does as another user. */
  through?: string[]
}

function mergeEnv(env: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...process.env, ...env }
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete merged[name]
  return merged
}

/** Starts `mlxk` without waiting for it. stdin is closed unless `input` is given. */
export function startMlxk(args: readonly string[], options: CliOptions = {}): ChildProcess {
  const path = options.json === 'mlxk2' ? binPath.mlxk2 : mlxkPath
  const [program, ...rest] = [...(options.through ?? []), process.execPath, path, ...args]
  const child = spawn(program ?? '', rest, {
    env: mergeEnv(options.env),
    cwd: options.cwd,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.input)
  return child
}

/** Runs one command line to its end. */
export function mlxk(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return finish(startMlxk(args, options), options.timeoutMs)
}

/** Runs a command line on a terminal of its own (Python's pty module); typed text is sent when `after` has appeared. */
export function mlxkOnTerminal(
  args: readonly string[],
  options: CliOptions & { columns?: number; rows?: number; type?: { after: string; text: string }[] } = {},
): Promise<{ code: number | null; screen: string }> {
  const script = [
    'import fcntl, json, os, pty, select, struct, sys, termios',
    'spec = json.loads(sys.argv[1])',
    'pid, fd = pty.fork()',
    'if pid == 0:',
    '    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", spec["rows"], spec["columns"], 0, 0))',
    '    os.execv(spec["argv"][0], spec["argv"])',
    'screen, seen, typed = b"", 0, spec["type"]',
    'while True:',
    '    try:',
    '        data = os.read(fd, 65536)',
    '    except OSError:',
    '        break',
    '    if not data:',
    '        break',
    '    screen += data',
    '    while typed and typed[0]["after"].encode() in screen[seen:]:',
    '        seen = screen.index(typed[0]["after"].encode(), seen) + len(typed[0]["after"].encode())',
    '        os.write(fd, typed.pop(0)["text"].encode())',
    '_, status = os.waitpid(pid, 0)',
    'print(json.dumps({"code": os.waitstatus_to_exitcode(status), "screen": screen.decode("utf-8", "replace")}))',
  ].join('\n')
  const argv = [process.execPath, mlxkPath, ...args]
  const spec = JSON.stringify({ argv, columns: options.columns ?? 80, rows: options.rows ?? 40, type: options.type ?? [] })
  const child = spawn('python3', ['-c', script, spec], {
    env: mergeEnv({ TERM: 'xterm-256color', ...options.env }),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return finish(child, options.timeoutMs).then(({ stdout }) => JSON.parse(stdout) as { code: number | null; screen: string })
}
