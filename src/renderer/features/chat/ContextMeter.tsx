import { useChat, useModels, useWindow } from '../../app/context'
import { Meter } from '../../components/ui/Meter'
import { findLoaded } from '../models/model'
import { meterTone, usedTokens } from './model'

/** How full the context is after the last answer; nothing before one, or when the context is not known. */
export function ContextMeter() {
  const { t, format } = useWindow()
  const model = useChat((state) => state.model)
  const used = useChat((state) => usedTokens(state.messages))
  const total = useModels((state) => {
    if (model === null) return null
    const entry = findLoaded(state.loaded, model)
    if (entry !== null) return entry.context_length
    const context = state.list?.models.find((candidate) => candidate.name === model)?.context
    return context === undefined || context.source === 'unknown' ? null : context.tokens
  })
  if (used === null || total === null) return null
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
