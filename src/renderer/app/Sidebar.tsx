import { Dialog } from '@base-ui/react/dialog'
import { Activity, Box, MessageCircle, type LucideIcon } from 'lucide-react'
import { Fragment } from 'react'
import { ServerFoot } from '../features/server/ServerFoot'
import { cx } from '../lib/cx'
import { SIDEBAR, useMedia } from '../lib/use-media'
import { useModels, useView, useWindow } from './context'
import { shortcutLabel } from './shortcuts'
import type { View } from './view-store'

interface Entry {
  view: View
  icon: LucideIcon
}

const groups: readonly { name: 'library' | 'use'; entries: readonly Entry[] }[] = [
  { name: 'library', entries: [{ view: 'models', icon: Box }] },
  {
    name: 'use',
    entries: [
      { view: 'chat', icon: MessageCircle },
      { view: 'server', icon: Activity },
    ],
  },
]

function Content() {
  const { t, host, view: actions } = useWindow()
  const view = useView((state) => state.view)
  const count = useModels((state) => state.list?.models.length ?? 0)
  return (
    <>
      <div aria-hidden="true" className="drag hidden h-(--k-bar) flex-none mac:block" />
      <nav aria-label={t.sections.label} className="min-h-0 flex-1 overflow-y-auto px-2 pt-3 mac:pt-0">
        {groups.map((group, index) => (
          <Fragment key={group.name}>
            <h2 className={cx('px-2 pb-1 text-11 font-semibold text-ink-3', index > 0 && 'pt-3')}>{t.sections[group.name]}</h2>
            {group.entries.map(({ view: target, icon: Icon }) => (
              <button
                key={target}
                type="button"
                aria-current={view === target ? 'page' : undefined}
                title={`${t.sections[target]} ${shortcutLabel(target, host)}`}
                onClick={() => actions.go(target)}
                className="group flex h-[30px] w-full items-center gap-2 rounded-2 px-2 aria-[current]:bg-select-idle aria-[current]:font-medium fine:not-aria-[current]:hover:bg-hover"
              >
                <Icon size={16} strokeWidth={1.75} aria-hidden="true" className="text-ink-2 group-aria-[current]:text-accent-ink" />
                <span className="flex-1 text-start">{t.sections[target]}</span>
                {target === 'models' && count > 0 ? <span className="num text-11 font-normal text-ink-3">{count}</span> : null}
              </button>
            ))}
          </Fragment>
        ))}
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
