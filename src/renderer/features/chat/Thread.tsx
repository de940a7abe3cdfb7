import { ArrowDown } from 'lucide-react'
import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ChatMessage } from '../../../shared/contract'
import { useChat, useWindow } from '../../app/context'
import { useAnnounce } from '../../components/ui/Announcer'
import { Button } from '../../components/ui/Button'
import { Answer, GrowingAnswer } from './Answer'

const NEAR_END_PX = 48

const Question = memo(function Question({ message }: { message: ChatMessage }) {
  const { t } = useWindow()
  return (
    <div className="max-w-[82%] self-end rounded-4 bg-field px-3 py-2 text-14">
      <span className="sr-only">{t.chat.you}: </span>
      <span dir="auto" className="text whitespace-pre-wrap [overflow-wrap:anywhere]">
        {message.content}
      </span>
    </div>
  )
})

const Finished = memo(function Finished({ messages }: { messages: readonly ChatMessage[] }) {
  const lastAnswer = messages.at(-1)?.role === 'assistant' ? messages.at(-1)?.id : undefined
  return messages.map((message) =>
    message.role === 'user' ? (
      <Question key={message.id} message={message} />
    ) : (
      <Answer key={message.id} message={message} isLast={message.id === lastAnswer} />
    ),
  )
})

/** Says when an answer begins and ends, never its words. */
function useSpokenProgress(): void {
  const { t, format } = useWindow()
  const announce = useAnnounce()
  const answering = useChat((state) => state.draft !== null)
  const last = useChat((state) => state.messages.at(-1))
  const was = useRef(answering)
  useEffect(() => {
    if (answering === was.current) return
    was.current = answering
    if (answering) announce(t.chat.answering)
    else if (last?.state === 'complete' && last.usage !== null) {
      const count = last.usage.completion_tokens
      announce(t.chat.complete(t.chat.tokens(count, format.integer(count))))
    } else if (last?.state === 'interrupted' && last.error === null) announce(t.chat.stopped)
  }, [answering, last, announce, t, format])
}

function scrollToEnd(element: HTMLElement | null): void {
  if (element !== null) element.scrollTop = element.scrollHeight
}

/** The conversation. Follows its end, unless somebody has scrolled up. */
export function Thread() {
  const { t } = useWindow()
  const messages = useChat((state) => state.messages)
  const draft = useChat((state) => state.draft)
  const scroller = useRef<HTMLDivElement>(null)
  const column = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const lastTop = useRef(0)
  const [away, setAway] = useState(false)
  useSpokenProgress()

  const onScroll = (): void => {
    const element = scroller.current
    if (element === null) return
    const isNearEnd = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_END_PX
    // A quick answer grows between our own scrolling and its event: only a move upwards is somebody's.
    if (isNearEnd) following.current = true
    else if (element.scrollTop < lastTop.current) following.current = false
    lastTop.current = element.scrollTop
    setAway(!following.current)
  }
  // A question of one's own is always seen.
  useLayoutEffect(() => {
    if (messages.at(-1)?.role !== 'user') return
    following.current = true
    scrollToEnd(scroller.current)
  }, [messages])
  useEffect(() => {
    const element = column.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => {
      if (following.current) scrollToEnd(scroller.current)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  return (
    <div className="relative min-h-0 flex-1">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
      <div
        ref={scroller}
        onScroll={onScroll}
        role="region"
        aria-label={t.chat.conversation}
        tabIndex={0}
        className="h-full overflow-y-auto focus-visible:-outline-offset-2"
      >
        <div ref={column} className="mx-auto flex min-h-full max-w-[736px] flex-col justify-end gap-3.5 px-6 pt-5 pb-4">
          <Finished messages={messages} />
          {draft === null ? null : <GrowingAnswer draft={draft} />}
        </div>
      </div>
      {away ? (
        <Button
          size="s"
          icon={<ArrowDown size={12} aria-hidden="true" />}
          className="enter absolute bottom-2 left-1/2 -translate-x-1/2"
          onClick={() => {
            following.current = true
            scrollToEnd(scroller.current)
          }}
        >
          {t.chat.jump}
        </Button>
      ) : null}
    </div>
  )
}
