import { AppError } from '../../../../shared/errors'
import type { MachineState } from '../memory/machine'
import type { PoolEntry } from './entry'

export function shuttingDown(): AppError {
  return new AppError('server_shutdown', 'MLX Knife is quitting.')
}

export function unloaded(name: string): AppError {
  return new AppError('cancelled', `${name} was unloaded.`)
}

export function givenUp(entry: PoolEntry): AppError {
  const lines = entry.error?.data?.['log']
  return new AppError('engine_crashed', `${entry.model.name} crashed again and again, so it is not started any more.`, {
    hint: 'Look at its log, close other programs that need much memory, then try again in five minutes or after unloading it.',
    data: {
      model: entry.model.name,
      log: Array.isArray(lines) ? (lines as unknown[]) : [],
      reason: entry.error?.message ?? null,
    },
  })
}

/** No unloading of anything would help. */
export function tooLarge(name: string, needBytes: number, machine: MachineState): AppError {
  const limit = machine.source === 'settings' ? 'the settings allow' : 'this machine has for models'
  return new AppError(
    'insufficient_memory',
    `${name} needs ${gigabytes(needBytes)}, and ${limit} ${gigabytes(machine.limitBytes)}.`,
    {
      hint:
        machine.source === 'settings'
          ? 'Raise engine.memory_limit_gb in the settings, or choose a smaller model or one of fewer bits.'
          : 'Choose a smaller model or one of fewer bits.',
      data: { model: name, need_bytes: needBytes, limit_bytes: machine.limitBytes },
    },
  )
}

/** It would fit if others gave way, and they will not by themselves. */
export function noRoom(name: string, needBytes: number, machine: MachineState, because: 'pinned' | 'count' | 'others'): AppError {
  const data = {
    model: name,
    need_bytes: needBytes,
    limit_bytes: machine.limitBytes,
    available_bytes: machine.availableBytes,
    because,
  }
  if (because === 'others') {
    const free = gigabytes(machine.availableBytes ?? 0)
    return new AppError('memory_busy', `${name} needs ${gigabytes(needBytes)}, and other programs leave ${free}.`, {
      hint: 'Close programs that need much memory, or choose a smaller model.',
      data,
    })
  }
  const why = because === 'count' ? 'as many models as engine.max_models allows' : 'the memory that it needs'
  return new AppError('memory_busy', `${name} cannot be loaded: pinned models have ${why}.`, {
    hint: 'Unpin or unload one of them; "mlxk ps" lists them.',
    data,
  })
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`
}
