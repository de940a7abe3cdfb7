import type { Download } from '../../../shared/contract'
import type { Toasts } from '../../app/toasts'
import type { Messages } from '../../lib/messages'
import { splitOwner } from '../models/model'

export interface NotesDeps {
  t: Messages['downloads']
  undo: string
  tell: Toasts['show']
  openChat: (model: string) => void
  goDownloads: () => void
  /** The downloads themselves are in sight: they say it already. */
  isShown: () => boolean
  resume: (id: string) => void
}

/** What is said in a line when a download ends while its owner does something else, or is cancelled. */
export function downloadNotes({ t, undo, tell, openChat, goDownloads, isShown, resume }: NotesDeps) {
  const show = { label: t.show, act: goDownloads }
  return {
    onEnded: ({ state, model, health }: Download): void => {
      if (isShown()) return
      const { short } = splitOwner(model)
      if (state === 'failed') tell(t.failed(short), show)
      else if (health === 'unhealthy') tell(t.endedUnhealthy(short), show)
      else tell(t.ended(short), { label: t.chat, act: () => openChat(model) })
    },
    onCancelled: ({ id, model }: Download): void =>
      tell(t.cancelledToast(splitOwner(model).short), { label: undo, act: () => resume(id) }),
  }
}
