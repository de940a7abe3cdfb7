import { ChevronLeft, ChevronRight } from 'lucide-react'
import type { ThreadMessage } from '../../../shared/contract'
import { useChat, useWindow } from '../../app/context'
import { IconButton } from '../../components/ui/Button'

/** 2/3: the versions of an edited question or a regenerated answer. */
export function Versions({ message }: { message: ThreadMessage }) {
  const { t, chat, format } = useWindow()
  const busy = useChat((state) => state.draft !== null || state.asking)
  const { index, count, previous, next } = message.version
  if (count < 2) return null
  const [at, of] = [format.integer(index + 1), format.integer(count)]
  const step = (label: string, target: string | null, icon: React.ReactNode) => (
    <IconButton
      label={label}
      size="s"
      className="text-ink-3"
      off={target === null || busy ? '' : false}
      onClick={() => {
        if (target !== null) void chat.showBranch(target)
      }}
    >
      {icon}
    </IconButton>
  )
  return (
    <span role="group" aria-label={t.chat.versionLabel(at, of)} className="num flex items-center text-11 text-ink-3">
      {step(t.chat.previousVersion, previous, <ChevronLeft size={14} aria-hidden="true" />)}
      {t.chat.versions(at, of)}
      {step(t.chat.nextVersion, next, <ChevronRight size={14} aria-hidden="true" />)}
    </span>
  )
}
