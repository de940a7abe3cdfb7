import { useState, type RefObject } from 'react'
import type { Place } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Sheet } from '../../components/ui/Sheet'
import { TextField } from '../../components/ui/TextField'

/** Shows what goes and what stays, and wants a word typed: nothing of it comes back. */
export function ForgetSheet({ open, places, onClose }: { open: boolean; places: readonly Place[]; onClose: () => void }) {
  const { t, format, settings, toasts } = useWindow()
  const words = t.settings
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const goes = places.filter((place) => place.private)
  const isMeant = typed.trim().toLowerCase() === words.forgetWord
  const act = (): void => {
    if (!isMeant || busy) return
    setBusy(true)
    void settings.forget().then((bytes) => {
      onClose()
      if (bytes !== null) toasts.show(words.forgotten(format.disk(bytes)))
    })
  }
  const actions = (first: RefObject<HTMLButtonElement | null>) => (
    <>
      <Button ref={first} size="l" onClick={onClose}>
        {t.common.cancel}
      </Button>
      <Button kind="danger" size="l" busy={busy} off={isMeant ? false : words.forgetType(words.forgetWord)} onClick={act}>
        {words.forgetAct(format.disk(goes.reduce((sum, { size_bytes: bytes }) => sum + (bytes ?? 0), 0)))}
      </Button>
    </>
  )
  return (
    <Sheet open={open} onClose={onClose} title={words.forgetTitle} text={words.forgetText} actions={actions}>
      <ul aria-label={words.goes} className="grid rounded-3 bg-field px-3 py-1.5">
        {goes.map(({ what, size_bytes: bytes }) => (
          <li key={what} className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-3 py-1">
            <span>
              <span className="font-medium">{words.place[what].name}</span>{' '}
              <span className="text-12 text-ink-2">{words.place[what].text}</span>
            </span>
            <span className="num text-12 text-ink-2">{bytes === null ? words.nothingThere : format.disk(bytes)}</span>
          </li>
        ))}
      </ul>
      <p className="mt-3 text-12 text-ink-2 text-pretty">{words.stays}</p>
      <label className="mt-3 grid gap-1.5">
        <span>{words.forgetType(words.forgetWord)}</span>
        <TextField
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') act()
          }}
        />
      </label>
    </Sheet>
  )
}
