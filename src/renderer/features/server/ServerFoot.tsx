import { Popover } from '@base-ui/react/popover'
import { Play, Square } from 'lucide-react'
import type { LoadedModel, ServerStatus } from '../../../shared/contract'
import { useModels, useServer, useWindow } from '../../app/context'
import { failureDetails, failureWords } from '../../app/FailureNote'
import { Button } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { ErrorNote } from '../../components/ui/ErrorNote'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { asFailure } from '../../lib/serialized'
import { isLoading, loadWord } from '../models/load-words'
import { findLoaded, splitOwner, splitTail } from '../models/model'
import { baseUrl, isServerBroken, nextPort } from './store'

/** State by shape: filled, ring, hollow, square. */
function ServerDot({ state }: { state: ServerStatus['state'] }) {
  if (state === 'starting') return <Ring size={10} />
  const shapes = {
    ready: 'rounded-full bg-ok',
    stopped: 'rounded-full shadow-[inset_0_0_0_1.5px_var(--k-edge)]',
    port_in_use: 'rounded-[1px] bg-bad',
    failed: 'rounded-[1px] bg-bad',
  }
  return <span aria-hidden="true" className={cx('size-[7px] flex-none', shapes[state])} />
}

function useLiveModels(): LoadedModel[] {
  const loaded = useModels((state) => state.loaded)
  return loaded.filter((entry) => findLoaded([entry], entry.name) !== null)
}

function LoadedRow({ entry }: { entry: LoadedModel }) {
  const { t, format, models } = useWindow()
  const { short } = splitOwner(entry.name)
  const doing =
    entry.in_flight > 0 ? t.server.answering(entry.in_flight) : entry.state === 'ready' ? t.server.idle : loadWord(entry, t, format)
  return (
    <li className="grid grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-x-2">
      {isLoading(entry) || entry.in_flight > 0 ? (
        <Ring size={12} />
      ) : (
        <span aria-hidden="true" className="mx-auto size-[7px] rounded-full bg-ok" />
      )}
      <span className="font-medium" title={entry.name}>
        <MiddleCut {...splitTail(short)} />
      </span>
      <Button
        size="s"
        kind="link"
        className="-me-2"
        aria-label={t.server.unloadModel(short)}
        onClick={() => void models.unload(entry.name)}
      >
        {isLoading(entry) ? t.common.cancel : t.server.unload}
      </Button>
      <span className="num col-start-2 -mt-1 text-11 text-ink-3">
        {[doing, entry.memory_bytes === null ? null : format.memory(entry.memory_bytes)]
          .filter((part) => part !== null)
          .join(' · ')}
      </span>
    </li>
  )
}

function Details() {
  const { t, server: actions } = useWindow()
  const server = useServer((state) => state.server)
  const failed = useServer((state) => state.error)
  const pending = useServer((state) => state.pending)
  const live = useLiveModels()
  if (server === null) return null
  const url = baseUrl(server)
  const error = failed ?? asFailure(server.error)
  const port = error?.code === 'port_in_use' ? nextPort(error, server.port) : null
  const stopped = server.state !== 'ready' && server.state !== 'starting'
  return (
    <div className="grid divide-y divide-line">
      <div className="grid gap-2 p-3.5">
        <div className="flex items-center gap-2">
          <ServerDot state={server.state} />
          <Popover.Title className="flex-1 font-semibold">{t.server.state[server.state]}</Popover.Title>
          <Button
            size="s"
            busy={pending || server.state === 'starting'}
            icon={
              stopped ? (
                <Play size={12} aria-hidden="true" />
              ) : (
                <Square size={10} fill="currentColor" strokeWidth={0} aria-hidden="true" />
              )
            }
            onClick={() => void (stopped ? actions.start() : actions.stop())}
          >
            {stopped ? t.server.start : t.server.stop}
          </Button>
        </div>
        {url === null ? (
          <p className="text-12 text-ink-2">{isServerBroken(server) ? t.server.notServed : t.server.notListening}</p>
        ) : (
          <div className="flex h-8 items-center gap-2 rounded-3 bg-field ps-2.5 pe-1 shadow-[inset_0_0_0_1px_var(--k-line)]">
            <span className="sr-only">{t.server.baseUrl}</span>
            <span className="mono text min-w-0 flex-1 truncate">{url}</span>
            <CopyButton text={url} label={t.server.copyUrl} copiedLabel={t.common.copied} />
          </div>
        )}
        {error === null ? null : (
          <ErrorNote
            {...failureWords(port === null ? error : { ...error, hint: undefined }, t)}
            details={failureDetails(error)}
            words={t.common}
            actions={
              <>
                {port === null ? null : (
                  <Button size="s" onClick={() => void actions.start(port)}>
                    {t.errors.onPort(port)}
                  </Button>
                )}
              </>
            }
          />
        )}
      </div>
      {live.length === 0 ? null : (
        <div className="grid gap-2 p-3.5">
          <h3 className="text-11 font-semibold text-ink-3">{t.server.loadedHead}</h3>
          <ul className="grid gap-2">
            {live.map((entry) => (
              <LoadedRow key={entry.name} entry={entry} />
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}

/** The server in one glance at the foot of the sidebar; a click opens its address, its switch and what is loaded. */
export function ServerFoot() {
  const { t, format } = useWindow()
  const server = useServer((state) => state.server)
  const live = useLiveModels()
  if (server === null) return null
  const bytes = live.reduce((sum, entry) => sum + (entry.memory_bytes ?? 0), 0)
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`${t.server.state[server.state]}${server.port === null ? '' : t.server.port(server.port)}, ${t.server.loaded(live.length)}. ${t.server.details}`}
        className="m-2 grid flex-none gap-[7px] rounded-3 border border-line bg-hover px-2.5 pt-2.5 pb-[11px] text-start data-popup-open:border-line-2 fine:hover:border-line-2"
      >
        <span className="flex items-center gap-1.5 text-12">
          <ServerDot state={server.state} />
          <span className="flex-1 truncate font-medium">
            <span className="max-wide:hidden">{t.server.state[server.state]}</span>
            <span className="wide:hidden">{t.server.short[server.state]}</span>
          </span>
          {baseUrl(server) === null || server.port === null ? null : (
            <span className="num text-ink-3">{t.server.port(server.port)}</span>
          )}
        </span>
        <span className="num flex justify-between gap-2 text-11 text-ink-3">
          <span>{t.server.loaded(live.length)}</span>
          {bytes === 0 ? null : <span className="whitespace-nowrap">{format.memory(bytes)}</span>}
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="top" align="start" sideOffset={6} className="z-50">
          <Popover.Popup className="enter w-[348px] max-w-[calc(100vw-16px)] rounded-4 bg-raised shadow-3 outline-none">
            <Details />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
