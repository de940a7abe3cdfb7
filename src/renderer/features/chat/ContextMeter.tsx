import { TriangleAlert } from 'lucide-react'
import { useChat, useModels, useWindow } from '../../app/context'
import { Banner } from '../../components/ui/Banner'
import { Button } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { findLoaded } from '../models/model'
import { estimateTokens, meterTone, usedTokens } from './model'

/** How full the context is: what the last answer counted, and a guess for what is being written now. Null when nobody knows. */
function useFill(): { used: number; total: number } | null {
  const model = useChat((state) => state.model)
  const counted = useChat((state) => usedTokens(state.messages))
  const typed = useChat((state) => state.files.reduce((sum, file) => sum + file.text.length, state.input.length))
  const total = useModels((state) => {
    if (model === null) return null
    const entry = findLoaded(state.loaded, model)
    if (entry !== null) return entry.context_length
    const context = state.list?.models.find((candidate) => candidate.name === model)?.context
    return context === undefined || context.source === 'unknown' ? null : context.tokens
  })
  // A few typed words are nothing that a meter must move for.
  const guess = typed > 2_000 ? estimateTokens(typed) : 0
  const used = counted === null && guess === 0 ? null : (counted ?? 0) + guess
  return used === null || total === null ? null : { used, total }
}

/** How full the context is after the last answer; nothing before one, or when the context is not known. */
export function ContextMeter() {
  const { t, format } = useWindow()
  const fill = useFill()
  if (fill === null) return null
  const { used, total } = fill
  return (
    <div
      className="num flex flex-none items-center gap-2 text-12 whitespace-nowrap text-ink-2"
      title={t.chat.contextLabel(format.integer(used), format.integer(total))}
    >
      <Meter
        kind="level"
        value={used / total}
        tone={meterTone(used, total)}
        label={t.chat.contextLabel(format.integer(used), format.integer(total))}
        className="w-[72px] max-side:hidden"
      />
      <span aria-hidden="true">
        {t.chat.context(format.tokens(used), format.tokens(total))}
        <span className="max-wide:hidden"> {t.chat.contextUnit}</span>
      </span>
    </div>
  )
}

/** Said before the limit, while something can be done. */
export function ContextBanner() {
  const { t, chat, format } = useWindow()
  const fill = useFill()
  if (fill === null || meterTone(fill.used, fill.total) === 'normal') return null
  return (
    <Banner
      tone="warn"
      icon={<TriangleAlert size={14} aria-hidden="true" className="text-warn-ink" />}
      actions={
        <Button size="s" onClick={chat.newChat}>
          {t.chat.newChat}
        </Button>
      }
    >
      <span className="truncate">
        <strong className="font-medium">{t.chat.fullTitle}</strong> {t.chat.fullText(format.percent(fill.used / fill.total))}
      </span>
    </Banner>
  )
}
