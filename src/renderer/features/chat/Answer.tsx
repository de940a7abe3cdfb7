import { RefreshCw } from 'lucide-react'
import { lazy, memo, Suspense, useDeferredValue } from 'react'
import type { ChatMessage } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useWindow } from '../../app/context'
import { IconButton } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { Meter } from '../../components/ui/Meter'
import { Ring } from '../../components/ui/Ring'
import { asFailure } from '../../lib/serialized'
import { splitOwner } from '../models/model'
import type { Draft, Waiting } from './model'
import { Reasoning } from './Reasoning'

const Markdown = lazy(() => import('./Markdown'))

function Prose({ text }: { text: string }) {
  const plain = (
    <div dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
      {text}
    </div>
  )
  return (
    <Suspense fallback={plain}>
      <Markdown text={text} />
    </Suspense>
  )
}

function Figures({ message }: { message: ChatMessage }) {
  const { t, format } = useWindow()
  const { usage, timing } = message
  if (usage === null) return null
  const first = timing?.first_token_ms ?? null
  const rate = timing?.tokens_per_second ?? null
  return (
    <span className="num ms-1.5">
      {t.chat.figures(
        t.chat.tokens(usage.completion_tokens, format.integer(usage.completion_tokens)),
        first === null ? null : format.seconds(first),
        rate === null ? null : format.rate(rate),
      )}
    </span>
  )
}

interface AnswerProps {
  message: ChatMessage
  /** The last answer can be asked for again. */
  isLast: boolean
}

/** A finished answer. It never changes again, so a growing one beside it does not render it anew. */
export const Answer = memo(function Answer({ message, isLast }: AnswerProps) {
  const { t, chat } = useWindow()
  const error = asFailure(message.error)
  const ended =
    message.state === 'interrupted'
      ? error === null
        ? t.chat.stopped
        : null
      : message.finish_reason === 'length'
        ? t.chat.lengthLimit
        : null
  return (
    <article aria-label={t.chat.answer} className="text grid gap-2 text-14">
      {message.reasoning === null ? null : <Reasoning text={message.reasoning} ms={message.reasoning_ms} thinking={false} />}
      {message.content === '' ? null : <Prose text={message.content} />}
      {error === null ? null : <FailureNote error={error} {...(isLast ? { onRetry: () => void chat.answerAgain() } : {})} />}
      {message.state === 'failed' ? null : (
        <div className="-ms-[5px] flex min-h-6 flex-wrap items-center gap-0.5 text-11 text-ink-3">
          {message.content === '' ? null : (
            <CopyButton text={message.content} label={t.chat.copyAnswer} copiedLabel={t.common.copied} className="text-ink-3" />
          )}
          {isLast ? (
            <IconButton label={t.chat.regenerate} size="s" className="text-ink-3" onClick={() => void chat.answerAgain()}>
              <RefreshCw size={14} aria-hidden="true" />
            </IconButton>
          ) : null}
          {ended === null ? null : <span className="ms-1.5 text-ink-2">{ended}</span>}
          <Figures message={message} />
        </div>
      )}
    </article>
  )
})

function WaitingLine({ waiting, model }: { waiting: Waiting; model: string }) {
  const { t, format } = useWindow()
  const { state, progress } = waiting
  const name = splitOwner(model).short
  const word = {
    sent: t.chat.waiting,
    queued: t.chat.queued,
    loading: t.chat.loading(name, progress === null ? null : format.percent(progress)),
    prefill: t.chat.prefill,
  }[state]
  return (
    <div className="grid max-w-80 gap-2 text-12 text-ink-2">
      <span className="num flex items-center gap-2">
        <Ring />
        <span className="truncate">{word}</span>
      </span>
      {progress === null ? null : <Meter value={progress} label={word} />}
    </div>
  )
}

/** The answer that is being written. */
export function GrowingAnswer({ draft }: { draft: Draft }) {
  const { t } = useWindow()
  const { message, waiting } = draft
  const content = useDeferredValue(message.content)
  return (
    <article aria-label={t.chat.answer} aria-busy="true" className="growing text grid gap-2 text-14">
      {message.reasoning === null ? null : (
        <Reasoning text={message.reasoning} ms={message.reasoning_ms} thinking={draft.thinkingSince !== null} />
      )}
      {content === '' ? null : <Prose text={content} />}
      {waiting === null ? null : <WaitingLine waiting={waiting} model={message.model ?? ''} />}
    </article>
  )
}
