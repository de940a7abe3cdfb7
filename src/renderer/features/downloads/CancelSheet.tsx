import type { RefObject } from 'react'
import { useDownloads, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Sheet } from '../../components/ui/Sheet'
import { splitOwner } from '../models/model'
import { hasEnded } from './model'

/** Asked before fetched bytes would be lost. One for the whole window. */
export function CancelSheet() {
  const { t, format, downloads } = useWindow()
  const download = useDownloads((state) => state.downloads?.find(({ id }) => id === state.cancelling) ?? null)
  const open = download !== null && !hasEnded(download)
  const size = format.disk(download?.done_bytes ?? 0)
  const { ask } = t.downloads
  const cancel = (keep: boolean): void => {
    if (download !== null) void downloads.cancel(download.id, keep)
  }
  const actions = (first: RefObject<HTMLButtonElement | null>) => (
    <>
      <Button ref={first} onClick={downloads.closeCancel}>
        {ask.go}
      </Button>
      <Button onClick={() => cancel(true)}>{ask.keep(size)}</Button>
      <Button kind="danger" onClick={() => cancel(false)}>
        {ask.remove}
      </Button>
    </>
  )
  return (
    <Sheet
      open={open}
      onClose={downloads.closeCancel}
      title={ask.title(splitOwner(download?.model ?? '').short)}
      text={ask.text(size)}
      onAct={() => cancel(false)}
      actions={actions}
    />
  )
}
