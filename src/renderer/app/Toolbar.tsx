import { PanelLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../components/ui/Button'
import { cx } from '../lib/cx'
import { SIDEBAR, useMedia } from '../lib/use-media'
import { shortcutLabel } from './shortcuts'
import { useView, useWindow } from './context'

interface ToolbarProps {
  /** The view's name, or what stands in its place. */
  title: ReactNode
  subtitle?: string | null
  children?: ReactNode
}

/** The 52 px at the top of a view. In the app it moves the window; its controls do not. */
export function Toolbar({ title, subtitle = null, children }: ToolbarProps) {
  const { t, host, view } = useWindow()
  const hasRoom = useMedia(SIDEBAR)
  const shown = useView((state) => state.sidebarShown)
  const hidden = !hasRoom || !shown
  return (
    <header
      data-region="toolbar"
      className={cx(
        'drag flex h-(--k-bar) min-w-0 flex-none items-center gap-2 border-b border-line pe-3',
        hidden ? 'ps-2 mac:ps-(--k-lights)' : 'ps-4',
      )}
    >
      {hidden ? (
        <IconButton label={t.sections.show} shortcut={shortcutLabel('sidebar', host)} onClick={() => view.toggleSidebar(!hasRoom)}>
          <PanelLeft size={16} strokeWidth={1.75} aria-hidden="true" />
        </IconButton>
      ) : null}
      {typeof title === 'string' ? <h1 className="flex-none text-15 font-semibold tracking-[-0.01em]">{title}</h1> : title}
      {subtitle === null ? null : <span className="num ms-0.5 truncate text-12 text-ink-3 max-wide:hidden">{subtitle}</span>}
      <span className="flex-1" />
      {children}
    </header>
  )
}
