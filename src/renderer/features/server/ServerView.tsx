import { CircleCheck, Play, Shield, ShieldAlert, Square } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { Toolbar } from '../../app/Toolbar'
import { useActivity, useServer, useView, useWindow } from '../../app/context'
import { Badge } from '../../components/ui/Badge'
import { Button } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { Segmented } from '../../components/ui/Segmented'
import { TWO_COLUMNS, useMedia } from '../../lib/use-media'
import { EngineBanner } from '../engine/EngineBanner'
import { isExposed } from './access'
import { AccessPane } from './AccessPane'
import { ConnectPane } from './ConnectPane'
import { LoadedModels } from './LoadedModels'
import { LogPane } from './LogPane'
import { RequestPane } from './RequestPane'
import { RequestTable } from './RequestTable'
import { ServerBanner } from './ServerBanner'
import { baseUrl, isServerBroken } from './store'
import { Throughput } from './Throughput'

type Tab = 'request' | 'connect' | 'access'
const tabs: readonly Tab[] = ['request', 'connect', 'access']

/** Follows what the owner does while this view is seen, and again when the connection comes back. */
function useFollow(): void {
  const { activity, settings, connection } = useWindow()
  const live = useStore(connection.store, (store) => store.state === 'live')
  useEffect(() => {
    if (!live) return undefined
    const leave = new AbortController()
    activity.follow(leave.signal)
    void settings.refresh()
    return () => leave.abort()
  }, [live, activity, settings])
}

function Bar({ onAccess }: { onAccess: () => void }) {
  const { t, server: actions } = useWindow()
  const server = useServer((state) => state.server)
  const pending = useServer((state) => state.pending)
  if (server === null) return <Toolbar title={t.sections.server} />
  const stopped = server.state !== 'ready' && server.state !== 'starting'
  const exposed = isExposed(server.hosts)
  return (
    <Toolbar
      title={
        <span className="flex items-center gap-2.5">
          <h1 className="text-15 font-semibold tracking-[-0.01em]">{t.sections.server}</h1>
          <Badge tone={server.state === 'ready' ? 'ok' : isServerBroken(server) ? 'bad' : 'plain'}>
            {server.state === 'ready' ? <CircleCheck size={11} aria-hidden="true" /> : null}
            {t.server.short[server.state]}
          </Badge>
        </span>
      }
    >
      {stopped ? null : (
        <Button
          kind="ghost"
          icon={exposed ? <ShieldAlert size={14} aria-hidden="true" /> : <Shield size={14} aria-hidden="true" />}
          onClick={onAccess}
          className={exposed ? 'text-warn-ink' : ''}
        >
          {exposed ? t.serverView.reach.network : t.serverView.reach.local}
        </Button>
      )}
      <Button
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
    </Toolbar>
  )
}

function Address() {
  const { t } = useWindow()
  const server = useServer((state) => state.server)
  const url = baseUrl(server)
  return (
    <div className="flex h-9 min-w-0 items-center gap-2 rounded-3 bg-field ps-3 pe-1.5 shadow-[inset_0_0_0_1px_var(--k-line)]">
      {url === null ? (
        <span className="truncate text-12 text-ink-2">{t.server.notListening}</span>
      ) : (
        <>
          <span className="flex-none text-12 text-ink-3">{t.server.baseUrl}</span>
          <span className="mono text min-w-0 flex-1 truncate">{url}</span>
          <CopyButton text={url} label={t.server.copyUrl} copiedLabel={t.common.copied} caption={t.common.copy} kind="plain" />
        </>
      )}
    </div>
  )
}

function SidePane({ tab, onTab, selected }: { tab: Tab; onTab: (tab: Tab) => void; selected: string | null }) {
  const { t } = useWindow()
  const request = useActivity((state) => state.requests?.find(({ id }) => id === selected) ?? null)
  return (
    <div data-region="detail" className="flex h-full min-h-0 flex-col">
      <div className="flex-none p-4 pb-3">
        <Segmented
          fill
          label={t.serverView.tab.label}
          choices={tabs.map((value) => ({ value, label: t.serverView.tab[value] }))}
          value={tab}
          onChange={onTab}
        />
      </div>
      <div className="min-h-0 flex-1">
        {tab === 'request' ? <RequestPane request={request} /> : tab === 'connect' ? <ConnectPane /> : <AccessPane />}
      </div>
    </div>
  )
}

/** The API as whoever runs it sees it: its address, its work, its log, and who may use it. */
export function ServerView() {
  const { t } = useWindow()
  const [tab, setTab] = useState<Tab>('connect')
  const [selected, setSelected] = useState<string | null>(null)
  const twoColumns = useMedia(TWO_COLUMNS)
  const detailShown = useView((state) => state.detailShown)
  useFollow()
  const select = (id: string): void => {
    setSelected(id)
    setTab('request')
  }
  const beside = twoColumns && detailShown
  return (
    <>
      <Bar onAccess={() => setTab('access')} />
      <div className={twoColumns ? 'flex min-h-0 flex-1' : 'min-h-0 flex-1 overflow-y-auto'}>
        <div className={twoColumns ? 'flex min-w-0 flex-1 flex-col' : 'flex min-h-full flex-col'}>
          <EngineBanner />
          <ServerBanner />
          <div className="grid flex-none gap-3.5 px-4 pt-3.5 pb-2">
            <Address />
            <div className="grid gap-x-6 gap-y-3 wide:grid-cols-2">
              <div className="max-wide:hidden">
                <Throughput />
              </div>
              <LoadedModels />
            </div>
          </div>
          <RequestTable selected={selected} onSelect={select} />
          <LogPane />
        </div>
        {twoColumns ? null : (
          <div className="border-t border-line bg-pane">
            <SidePane tab={tab} onTab={setTab} selected={selected} />
          </div>
        )}
        {beside ? (
          <aside className="w-(--detail-width) flex-none border-s border-line bg-pane" aria-label={t.common.details}>
            <SidePane tab={tab} onTab={setTab} selected={selected} />
          </aside>
        ) : null}
      </div>
    </>
  )
}
