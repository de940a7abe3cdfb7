import { CloudOff, KeyRound } from 'lucide-react'
import { useEffect, useState, type ComponentType } from 'react'
import { useStore } from 'zustand'
import { Banner } from '../components/ui/Banner'
import { Button } from '../components/ui/Button'
import { CopyButton } from '../components/ui/CopyButton'
import { Notice } from '../components/ui/Notice'
import { Ring } from '../components/ui/Ring'
import { ChatView } from '../features/chat/ChatView'
import { DiscoverView } from '../features/discover/DiscoverView'
import { SettingsView } from '../features/settings/SettingsView'
import { CancelSheet } from '../features/downloads/CancelSheet'
import { DownloadsView } from '../features/downloads/DownloadsView'
import { Palette } from '../features/palette/Palette'
import { ServerView } from '../features/server/ServerView'
import { ModelsView } from '../features/models/ModelsView'
import { RepairSheet } from '../features/models/RepairSheet'
import { RemovalSheet } from '../features/removal/RemovalSheet'
import { StorageView } from '../features/storage/StorageView'
import { useServer, useView, useWindow } from './context'
import { ErrorBoundary } from './ErrorBoundary'
import { Sidebar } from './Sidebar'
import { ToastStack } from './ToastStack'
import { useShortcuts } from './useShortcuts'
import type { View } from './view-store'

const SLOW_MS = 300

/** Nothing at first: most connections stand before a spinner could be seen. */
function Connecting() {
  const { t } = useWindow()
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [])
  return slow ? <Notice icon={<Ring size={26} />} title={t.app.connecting} level={1} /> : null
}

function NoAccess() {
  const { t } = useWindow()
  return (
    <Notice icon={<KeyRound size={28} strokeWidth={1.4} />} title={t.access.title} alert level={1}>
      <div className="grid justify-items-center gap-3">
        {t.access.text}
        <code className="mono text flex h-8 items-center gap-2 rounded-3 bg-field ps-3 pe-1 text-ink shadow-[inset_0_0_0_1px_var(--k-line)]">
          {t.access.command}
          <CopyButton text={t.access.command} label={t.access.copyCommand} copiedLabel={t.common.copied} />
        </code>
      </div>
    </Notice>
  )
}

function LostBanner() {
  const { t, connection } = useWindow()
  const state = useStore(connection.store, (store) => store.state)
  if (state !== 'lost') return null
  return (
    <Banner
      tone="warn"
      alert
      icon={<CloudOff size={14} aria-hidden="true" className="text-warn-ink" />}
      actions={
        <Button size="s" onClick={connection.retryNow}>
          {t.common.tryNow}
        </Button>
      }
    >
      <span className="truncate">
        <strong className="font-medium">{t.connection.lostTitle}</strong> {t.connection.lostText}
      </span>
    </Banner>
  )
}

const views: Record<View, ComponentType> = {
  models: ModelsView,
  discover: DiscoverView,
  downloads: DownloadsView,
  storage: StorageView,
  chat: ChatView,
  server: ServerView,
  settings: SettingsView,
}

function Views() {
  const view = useView((state) => state.view)
  const View = views[view]
  return <View />
}

/** The frame of the window: sidebar, the view, and what concerns all of it. */
export function Shell() {
  const app = useWindow()
  const { t, connection } = app
  const state = useStore(connection.store, (store) => store.state)
  const known = useServer((server) => server.app !== null)
  const view = useView((store) => store.view)
  useShortcuts(app)
  useEffect(() => {
    document.title = t.app.title(t.sections[view])
  }, [t, view])

  if (state === 'unauthorized')
    return (
      <main className="h-full bg-pane">
        <NoAccess />
      </main>
    )
  if (!known)
    return (
      <main className="h-full bg-pane">
        {state === 'lost' ? (
          <Notice
            icon={<CloudOff size={28} strokeWidth={1.4} />}
            title={t.errors.title('connection_lost')}
            alert
            level={1}
            actions={<Button onClick={connection.retryNow}>{t.common.tryNow}</Button>}
          >
            {t.connection.lostAlone}
          </Notice>
        ) : (
          <Connecting />
        )}
      </main>
    )
  return (
    <div className="flex h-full">
      <Sidebar />
      <main className="flex min-w-0 flex-1 flex-col">
        <LostBanner />
        <ErrorBoundary key={view}>
          <Views />
        </ErrorBoundary>
      </main>
      <RemovalSheet />
      <RepairSheet />
      <CancelSheet />
      <Palette />
      <ToastStack />
    </div>
  )
}
