import { useDownloads, useModels, useWindow } from '../../app/context'
import { hasEnded } from '../downloads/model'
import { splitOwner } from '../models/model'

/** Puts models into the queue, and says so in a line. */
export function useDownload(): (name: string) => void {
  const { t, discover, view, toasts, stores } = useWindow()
  return (name) =>
    void discover.download(name).then((isThere) => {
      const error = stores.downloads.getState().error
      if (!isThere && error === null) return
      const text = isThere || error === null ? t.discover.added(splitOwner(name).short) : t.errors.title(error.code)
      toasts.show(text, { label: t.discover.show, act: () => view.go('downloads') })
    })
}

/** It is in the cache: as the search said, or by what came since. */
export function useIsHere({ name, cached }: { name: string; cached: boolean }): boolean {
  return useModels((state) => state.list?.models.some((model) => model.name === name) ?? cached)
}

/** It is in the queue and has not ended. */
export function useIsQueued(name: string): boolean {
  return useDownloads((state) => state.downloads?.some((download) => download.model === name && !hasEnded(download)) ?? false)
}
