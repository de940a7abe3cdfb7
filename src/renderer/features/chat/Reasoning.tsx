import { ChevronDown, ChevronRight, Lightbulb } from 'lucide-react'
import { useState } from 'react'
import { useWindow } from '../../app/context'
import { Ring } from '../../components/ui/Ring'

interface ReasoningProps {
  text: string
  ms: number | null
  /** Open while it thinks; folded when the answer starts, unless a person said otherwise. */
  thinking: boolean
}

export function Reasoning({ text, ms, thinking }: ReasoningProps) {
  const { t, format } = useWindow()
  const [wanted, setWanted] = useState<boolean | null>(null)
  const open = wanted ?? thinking
  const Arrow = open ? ChevronDown : ChevronRight
  const word = thinking ? t.chat.thinking : ms === null ? t.chat.thought : t.chat.thoughtFor(format.seconds(ms))
  return (
    <div className="grid justify-items-start gap-1.5">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setWanted(!open)}
        className="num -ms-1.5 inline-flex h-6 items-center gap-1.5 rounded-2 ps-1.5 pe-2 text-12 text-ink-2 fine:hover:bg-hover fine:hover:text-ink"
      >
        <Arrow size={12} aria-hidden="true" />
        {thinking ? <Ring size={13} /> : <Lightbulb size={14} aria-hidden="true" />}
        {word}
      </button>
      {open ? (
        <div
          dir="auto"
          className="text ms-1.5 border-s-2 border-line-2 ps-3.5 text-13 leading-5 whitespace-pre-wrap text-ink-2 [overflow-wrap:anywhere]"
        >
          {text.trim()}
        </div>
      ) : null}
    </div>
  )
}
