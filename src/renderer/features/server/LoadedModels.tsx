import { Pin } from 'lucide-react'
import type { LoadedModel } from '../../../shared/contract'
import { useActivity, useModels, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { cx } from '../../lib/cx'
import { useNow } from '../../lib/use-now'
import { isLoading, loadWord } from '../models/load-words'
import { findLoaded, splitOwner, splitTail } from '../models/model'

const MINUTE_MS = 60_000

function LoadedRow({ entry, limitBytes }: { entry: LoadedModel; limitBytes: number | null }) {
  const { t, format, models, activity } = useWindow()
  const now = useNow()
  const { short } = splitOwner(entry.name)
  const words = t.serverView
  const when = (): string | null => {
    if (entry.pinned) return words.pinned
    if (entry.in_flight > 0 || entry.state !== 'ready') return null
    if (entry.expires_at === null) return entry.keep_alive_s === null ? words.forEver : null
    return words.unloadsIn(format.duration(Math.max(MINUTE_MS, Date.parse(entry.expires_at) - now)))
  }
  const doing =
    entry.in_flight > 0 ? words.busy(entry.in_flight) : entry.state === 'ready' ? t.server.idle : loadWord(entry, t, format)
  const facts = [doing, entry.queued > 0 ? words.waiting(entry.queued) : null, when()].filter((part) => part !== null)
  const bytes = entry.memory_bytes
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 gap-y-1">
      <span className="flex min-w-0 items-center gap-1 font-medium" title={entry.name}>
        <MiddleCut {...splitTail(short)} />
        <IconButton
          size="s"
          label={entry.pinned ? words.unpin : words.pin}
          aria-pressed={entry.pinned}
          onClick={() => void activity.pin(entry.name, !entry.pinned)}
        >
          <Pin
            size={12}
            aria-hidden="true"
            className={cx(entry.pinned ? 'text-accent-ink' : 'text-ink-3')}
            fill={entry.pinned ? 'currentColor' : 'none'}
          />
        </IconButton>
      </span>
      <span className="num text-12 text-ink-2">{bytes === null ? null : format.memory(bytes)}</span>
      <Meter
        kind={isLoading(entry) ? 'progress' : 'level'}
        value={isLoading(entry) ? entry.progress : bytes === null || limitBytes === null ? 0 : bytes / limitBytes}
        label={isLoading(entry) ? loadWord(entry, t, format) : t.server.inMemory(format.memory(bytes ?? 0))}
        className="col-span-2"
      />
      <span className="num truncate text-11 text-ink-3">{facts.join(', ')}</span>
      <Button
        size="s"
        kind="link"
        className="-me-2 justify-self-end"
        aria-label={t.server.unloadModel(short)}
        onClick={() => void models.unload(entry.name)}
      >
        {isLoading(entry) ? t.common.cancel : t.server.unload}
      </Button>
    </li>
  )
}

/** What is in memory, how much of what may be, and when it goes. */
export function LoadedModels() {
  const { t, format } = useWindow()
  const all = useModels((state) => state.loaded)
  const limitBytes = useActivity((state) => state.memory?.limit_bytes ?? null)
  const live = all.filter((entry) => findLoaded([entry], entry.name) !== null)
  const bytes = live.reduce((sum, entry) => sum + (entry.memory_bytes ?? 0), 0)
  return (
    <section aria-label={t.serverView.loaded} className="min-w-0">
      <h2 className="flex items-baseline gap-2 text-12 font-semibold">
        {t.serverView.loaded}
        {limitBytes === null ? null : (
          <span className="num ms-auto font-normal text-ink-3">
            {t.serverView.loadedOf(format.memory(bytes), format.memory(limitBytes))}
          </span>
        )}
      </h2>
      {live.length === 0 ? (
        <p className="mt-2 text-12 text-ink-2 text-pretty">{t.serverView.nothingLoaded}</p>
      ) : (
        <ul className="mt-1.5 grid max-h-[150px] gap-2 overflow-y-auto">
          {live.map((entry) => (
            <LoadedRow key={entry.name} entry={entry} limitBytes={limitBytes} />
          ))}
        </ul>
      )}
    </section>
  )
}
