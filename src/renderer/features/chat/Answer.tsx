import { GitBranch, RefreshCw } from 'lucide-react'
import { lazy, memo, Suspense } from 'react'
import type { ThreadMessage } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useChat, useWindow } from '../../app/context'
import { IconButton } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { Meter } from '../../components/ui/Meter'
import { Ring } from '../../components/ui/Ring'
import { asFailure } from '../../lib/serialized'
import { splitOwner } from '../models/model'
import type { Waiting } from './model'
import { Reasoning } from './Reasoning'
import { RegenerateMenu } from './RegenerateMenu'
import { Versions } from './Versions'

const Markdown = lazy(() => import('./markdown/Markdown'))

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

function Figures({ message }: { message: ThreadMessage }) {
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

/** Why an answer is not whole, in a few words; null when it is, or when a note says it. */
function useEnd(message: ThreadMessage): string | null {
  const { t } = useWindow()
  if (message.state === 'interrupted') {
    if (message.error === null) return t.chat.stopped
    // Nothing to mend: the program ended, and what had come is here.
    return message.error.code === 'server_shutdown' ? t.chat.interruptedWord : null
  }
  return message.finish_reason === 'length' ? t.chat.lengthLimit : null
}

function Actions({ message }: { message: ThreadMessage }) {
  const { t, chat } = useWindow()
  const busy = useChat((state) => state.draft !== null || state.asking)
  const end = useEnd(message)
  return (
    <div className="-ms-[5px] flex min-h-6 flex-wrap items-center gap-0.5 text-11 text-ink-3">
      <Versions message={message} />
      {message.content === '' ? null : (
        <CopyButton text={message.content} label={t.chat.copyAnswer} copiedLabel={t.common.copied} className="text-ink-3" />
      )}
      <IconButton
        label={t.chat.regenerate}
        size="s"
        className="text-ink-3"
        off={busy ? '' : false}
        onClick={() => void chat.regenerate(message.id)}
      >
        <RefreshCw size={14} aria-hidden="true" />
      </IconButton>
      {busy ? null : <RegenerateMenu message={message.id} />}
      <IconButton
        label={t.chat.branch}
        size="s"
        className="text-ink-3"
        off={busy ? '' : false}
        onClick={() => void chat.branch(message.id)}
      >
        <GitBranch size={14} aria-hidden="true" />
      </IconButton>
      {end === null ? null : <span className="ms-1.5 text-ink-2">{end}</span>}
      <Figures message={message} />
    </div>
  )
}

interface AnswerProps {
  message: ThreadMessage
  /** Of the answer that is being written. */
  growing?: { waiting: Waiting | null; thinking: boolean } | null
}

/**
 * An answer, while it is written and after: the same element, so that what is on the screen stays when it ends. A finished one never
 * changes again, so a growing one beside it does not render it anew.
 */
export const Answer = memo(function Answer({ message, growing = null }: AnswerProps) {
  const { t, chat } = useWindow()
  const failure = asFailure(message.error)
  const error = failure?.code === 'server_shutdown' && message.state === 'interrupted' ? null : failure
  return (
    <article
      aria-label={t.chat.answer}
      aria-busy={growing !== null}
      className={growing === null ? 'text grid gap-2 text-14' : 'growing text grid gap-2 text-14'}
    >
      {message.reasoning === null ? null : (
        <Reasoning text={message.reasoning} ms={message.reasoning_ms} thinking={growing?.thinking ?? false} />
      )}
      {message.content === '' ? null : <Prose text={message.content} />}
      {error === null ? null : <FailureNote error={error} onRetry={() => void chat.regenerate(message.id)} />}
      {growing === null ? <Actions message={message} /> : null}
      {growing === null || growing.waiting === null ? null : <WaitingLine waiting={growing.waiting} model={message.model ?? ''} />}
    </article>
  )
})
