import { Dialog } from '@base-ui/react/dialog'
import { Activity, Box, Compass, Download, HardDrive, MessageCircle, Settings2, type LucideIcon } from 'lucide-react'
import { Fragment } from 'react'
import { totalsOf } from '../features/downloads/model'
import { ServerFoot } from '../features/server/ServerFoot'
import { cx } from '../lib/cx'
import { SIDEBAR, useMedia } from '../lib/use-media'
import { useDownloads, useModels, useStorage, useView, useWindow } from './context'
import { shortcutLabel } from './shortcuts'
import type { View } from './view-store'

/** Less is not worth a word. */
const LITTLE_BYTES = 50e6
const NONE: never[] = []

interface Entry {
  view: View
  icon: LucideIcon
}

const groups: readonly { name: 'library' | 'use'; entries: readonly Entry[] }[] = [
  {
    name: 'library',
    entries: [
      { view: 'models', icon: Box },
      { view: 'discover', icon: Compass },
      { view: 'downloads', icon: Download },
      { view: 'storage', icon: HardDrive },
    ],
  },
  {
    name: 'use',
    entries: [
      { view: 'chat', icon: MessageCircle },
      { view: 'server', icon: Activity },
    ],
  },
]

function Link({ view: target, icon: Icon, beside }: Entry & { beside?: string | undefined }) {
  const { t, host, view: actions } = useWindow()
  const view = useView((state) => state.view)
  return (
    <button
      type="button"
      aria-current={view === target ? 'page' : undefined}
      title={`${t.sections[target]} ${shortcutLabel(target, host)}`}
      onClick={() => actions.go(target)}
      className="group flex h-[30px] w-full flex-none items-center gap-2 rounded-2 px-2 aria-[current]:bg-select-idle aria-[current]:font-medium fine:not-aria-[current]:hover:bg-hover"
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden="true" className="text-ink-2 group-aria-[current]:text-accent-ink" />
      <span className="flex-1 text-start">{t.sections[target]}</span>
      {beside === undefined ? null : <span className="num text-11 font-normal text-ink-3">{beside}</span>}
    </button>
  )
}

function Content() {
  const { t, format } = useWindow()
  const count = useModels((state) => state.list?.models.length ?? 0)
  const canGo = useStorage((state) => state.plan?.bytes_freed ?? 0)
  const fetching = useDownloads((state) => totalsOf(state.downloads ?? NONE).fraction)
  const toGo = useDownloads((state) => totalsOf(state.downloads ?? NONE).toGo)
  const beside: Partial<Record<View, string>> = {
    ...(count > 0 ? { models: format.integer(count) } : {}),
    ...(toGo > 0 ? { downloads: fetching === null ? format.integer(toGo) : format.percent(fetching) } : {}),
    ...(canGo >= LITTLE_BYTES ? { storage: format.disk(canGo) } : {}),
  }
  return (
    <>
      <div aria-hidden="true" className="drag hidden h-(--k-bar) flex-none mac:block" />
      <nav aria-label={t.sections.label} className="flex min-h-0 flex-1 flex-col overflow-y-auto px-2 pt-3 mac:pt-0">
        {groups.map((group, index) => (
          <Fragment key={group.name}>
            <h2 className={cx('px-2 pb-1 text-11 font-semibold text-ink-3', index > 0 && 'pt-3')}>{t.sections[group.name]}</h2>
            {group.entries.map((entry) => (
              <Link key={entry.view} {...entry} beside={beside[entry.view]} />
            ))}
          </Fragment>
        ))}
        <div className="mt-auto pt-3 pb-1">
          <Link view="settings" icon={Settings2} />
        </div>
      </nav>
      <ServerFoot />
    </>
  )
}

/** Beside the content where there is room, else an overlay. */
export function Sidebar() {
  const { t, stores } = useWindow()
  const hasRoom = useMedia(SIDEBAR)
  const shown = useView((state) => state.sidebarShown)
  const open = useView((state) => state.sidebarOpen)
  const panel = 'flex h-full w-(--side-width) flex-none flex-col bg-sidebar'
  if (hasRoom)
    return shown ? (
      <div data-region="sidebar" className={cx(panel, 'border-e border-line')}>
        <Content />
      </div>
    ) : null
  return (
    <Dialog.Root open={open} onOpenChange={(next) => stores.view.setState({ sidebarOpen: next })}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-scrim" />
        <Dialog.Popup
          aria-label={t.sections.label}
          className={cx(panel, 'enter fixed inset-y-0 start-0 z-40 shadow-3 outline-none')}
        >
          <Content />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
