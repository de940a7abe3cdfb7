import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, Pause, Play, X } from 'lucide-react'
import { useLayoutEffect, useRef } from 'react'
import type { Download } from '../../../shared/contract'
import { useDownloads, useModels, useWindow } from '../../app/context'
import { useAnnounce } from '../../components/ui/Announcer'
import { Button, IconButton } from '../../components/ui/Button'
import { modelKey } from '../models/model'
import { needsSignIn, SignInButton } from '../account/SignInButton'
import { hasEnded, isRunning, placeOf, stepFrom, termsPage } from './model'

const icon = { size: 14, 'aria-hidden': true } as const

/** Up and down the queue. The button that was pressed keeps the focus, wherever its row goes. */
function Reorder({ download, name }: { download: Download; name: string }) {
  const { t, downloads, format } = useWindow()
  const list = useDownloads((state) => state.downloads) ?? []
  const announce = useAnnounce()
  const pressed = useRef<{ button: HTMLButtonElement; from: number } | null>(null)
  const { place, count } = placeOf(list, download.id)
  useLayoutEffect(() => {
    if (pressed.current === null || pressed.current.from === place) return
    // Moving a row in the page takes the focus from what is in it.
    if (document.activeElement === document.body) pressed.current.button.focus()
    pressed.current = null
  })
  const step = (by: -1 | 1, button: HTMLButtonElement): void => {
    pressed.current = { button, from: place }
    if (downloads.move(download.id, by)) announce(t.downloads.moved(name, format.integer(place + 1 + by), format.integer(count)))
  }
  return (
    <>
      <IconButton
        size="s"
        label={t.downloads.up(name)}
        off={stepFrom(list, download.id, -1) === null && t.downloads.alreadyFirst}
        onClick={(event) => step(-1, event.currentTarget)}
      >
        <ArrowUp {...icon} />
      </IconButton>
      <IconButton
        size="s"
        label={t.downloads.down(name)}
        off={stepFrom(list, download.id, 1) === null && t.downloads.alreadyLast}
        onClick={(event) => step(1, event.currentTarget)}
      >
        <ArrowDown {...icon} />
      </IconButton>
    </>
  )
}

/** What to do with a model that is whole now. */
function Whole({ download }: { download: Download }) {
  const { t, models, view, openChat } = useWindow()
  const found = useModels((state) => state.list?.models.find((model) => model.name === download.model))
  return (
    <>
      {download.health === 'healthy' && found?.runtime_compatible !== false ? (
        <Button size="s" onClick={() => openChat(download.model)}>
          {t.downloads.chat}
        </Button>
      ) : null}
      {found === undefined ? null : (
        <Button
          size="s"
          kind="ghost"
          onClick={() => {
            void models.select(modelKey(found))
            view.openDetail(true)
            view.go('models')
          }}
        >
          {t.downloads.showModel}
        </Button>
      )}
    </>
  )
}

function Failed({ download }: { download: Download }) {
  const { t, downloads } = useWindow()
  const page = termsPage(download)
  return (
    <>
      {download.error !== null && needsSignIn(download.error) ? <SignInButton size="s" /> : null}
      {page === null ? null : (
        <Button size="s" onClick={() => window.open(page, '_blank', 'noopener')}>
          {t.downloads.openPage}
        </Button>
      )}
      <Button size="s" kind={page === null ? 'plain' : 'ghost'} onClick={() => void downloads.resume(download.id)}>
        {download.error?.code === 'requires_confirmation' ? t.downloads.replace : t.common.tryAgain}
      </Button>
    </>
  )
}

interface RowActionsProps {
  download: Download
  name: string
  unfolded: boolean
}

/** The buttons at the end of a row. */
export function RowActions({ download, name, unfolded }: RowActionsProps) {
  const { t, downloads } = useWindow()
  const { id, state } = download
  const ended = hasEnded(download)
  const words = t.downloads
  return (
    <div className="flex items-center justify-end gap-0.5">
      {state === 'downloading' ? (
        <IconButton
          size="s"
          label={words.files(name)}
          aria-expanded={unfolded}
          onClick={() => downloads.setUnfolded(id, !unfolded)}
        >
          {unfolded ? <ChevronDown {...icon} /> : <ChevronRight {...icon} />}
        </IconButton>
      ) : null}
      {state === 'queued' ? <Reorder download={download} name={name} /> : null}
      {state === 'waiting' ? (
        <Button size="s" onClick={() => void downloads.resume(id)}>
          {t.common.tryNow}
        </Button>
      ) : null}
      {state === 'failed' ? <Failed download={download} /> : null}
      {state === 'done' ? <Whole download={download} /> : null}
      {isRunning(download) || state === 'queued' || state === 'waiting' ? (
        <IconButton size="s" label={words.pauseOne(name)} onClick={() => void downloads.pause(id)}>
          <Pause {...icon} />
        </IconButton>
      ) : null}
      {state === 'paused' || state === 'cancelled' ? (
        <IconButton size="s" label={words.resumeOne(name)} onClick={() => void downloads.resume(id)}>
          <Play {...icon} />
        </IconButton>
      ) : null}
      <IconButton
        size="s"
        label={ended ? words.forget(name) : words.cancelOne(name)}
        onClick={() => (ended ? void downloads.clear(id) : downloads.askCancel(download))}
      >
        <X {...icon} />
      </IconButton>
    </div>
  )
}
