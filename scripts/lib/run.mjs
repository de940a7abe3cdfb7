import { spawn } from 'node:child_process'

/**
 * Runs a command to its end. `capture` returns what it printed instead of showing it.
 * @returns {Promise<{code: number, output: string, milliseconds: number}>}
 */
export function run(command, args, { cwd, env, capture = false, timeoutMs } = {}) {
  return new Promise((done) => {
    const started = performance.now()
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    let output = ''
    const collect = (chunk) => {
      output += chunk
    }
    child.stdout?.setEncoding('utf8').on('data', collect)
    child.stderr?.setEncoding('utf8').on('data', collect)
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const end = (code) => {
      clearTimeout(timer)
      done({ code, output, milliseconds: performance.now() - started })
    }
    child.on('error', (error) => {
      output += error.message
      end(127)
    })
    child.on('close', (code) => end(code ?? 1))
  })
}

/** A tool of this project's own node_modules, by the name of its command. */
export const tool = (name) => new URL(`../../node_modules/.bin/${name}`, import.meta.url).pathname
