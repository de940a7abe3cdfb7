import { spawn } from 'node:child_process'
import { openEngineStream } from '../stream/engine-stream'
import type { EngineProcessDeps, SpawnEngine } from './engine-process'

/**
 * A process group of its own, so that one signal reaches everything an engine starts; stdin is a pipe that stays open as long as we
 * live: its end is how an engine learns of our death, however we die.
 */
export const spawnEngine: SpawnEngine = (command, args, { cwd, env }) =>
  spawn(command, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })

export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Already gone.
  }
}

/** Sampled, not greedy, so that the kernels of both kinds of request are there. */
export const warmUp: EngineProcessDeps['warmUp'] = async (target) => {
  const body = { prompt: 'Hi', max_tokens: 1, temperature: 1, top_p: 0.9 }
  for await (const event of openEngineStream(target, '/v1/completions', body, new AbortController().signal)) {
    if (event.type === 'chunk' && event.chunk.choices.some((choice) => choice.finish_reason !== null)) return
  }
}
