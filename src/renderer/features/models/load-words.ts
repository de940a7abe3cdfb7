import type { LoadedModel } from '../../../shared/contract'
import type { Formatters } from '../../lib/format'
import type { Messages } from '../../lib/messages'

/** What a model's engine does now, in a word or two. */
export function loadWord(loaded: LoadedModel, t: Messages, format: Formatters): string {
  switch (loaded.state) {
    case 'spawning':
      return t.models.starting
    case 'loading':
      return t.models.loading(loaded.progress === null ? null : format.percent(loaded.progress))
    case 'warming':
      return t.models.warming
    case 'draining':
      return t.models.draining
    case 'ready':
      return loaded.memory_bytes === null ? t.models.loaded : t.models.loadedIn(format.memory(loaded.memory_bytes))
    case 'stopped':
    case 'crashed':
      return t.models.crashed
  }
}

/** The same for a column that has no room: the ring beside it says that it loads. */
export function loadWordShort(loaded: LoadedModel, t: Messages, format: Formatters): string {
  if (loaded.state === 'ready') return t.models.loaded
  return loaded.state === 'loading' && loaded.progress !== null ? format.percent(loaded.progress) : loadWord(loaded, t, format)
}

/** True while a load is under way: the ring turns and Cancel is offered. */
export function isLoading(loaded: LoadedModel | null): boolean {
  return loaded !== null && (loaded.state === 'spawning' || loaded.state === 'loading' || loaded.state === 'warming')
}
