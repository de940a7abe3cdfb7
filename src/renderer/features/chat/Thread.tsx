import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ThreadMessage } from '../../../shared/contract'
import { useChat, useWindow } from '../../app/context'
import { useAnnounce } from '../../components/ui/Announcer'
import { Button } from '../../components/ui/Button'
import { Answer } from './Answer'
import type { Draft } from './model'
import { Question } from './Question'

const NEAR_END_PX = 48
/** Older messages are read this far before they would be seen. */
const READ_AHEAD_PX = 2_000
const CHARACTERS_PER_LINE = 90
const LINE_PX = 22

const guesses = new WeakMap<ThreadMessage, number>()

/** How high a message will about be; measured as soon as it is on the screen. Asked for every message with every page that is read. */
function guessHeight(message: ThreadMessage): number {
  const known = guesses.get(message)
  if (known !== undefined) return known
  const { role, content, attachments } = message
  const lines = Math.ceil(content.length / CHARACTERS_PER_LINE) + (content.split('\n', 200).length - 1) / 2
  const guess = (role === 'user' ? 58 : 64) + Math.min(400, lines) * LINE_PX + (attachments.length > 0 ? 30 : 0)
  guesses.set(message, guess)
  return guess
}

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

function Row({ message, draft }: { message: ThreadMessage; draft: Draft | null }) {
  if (message.role === 'user') return <Question message={message} />
  return <Answer message={message} growing={draft} />
}

/** The conversation. Only what is near the screen is in the page; follows its end, unless somebody has scrolled up. */
export function Thread() {
  const { t, chat } = useWindow()
  const messages = useChat((state) => state.messages)
  const draft = useChat((state) => state.draft)
  const chatId = useChat((state) => state.chatId)
  const more = useChat((state) => state.more)
  const scroller = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const lastTop = useRef(0)
  const [away, setAway] = useState(false)
  useSpokenProgress()

  const count = messages.length + (draft === null ? 0 : 1)
  const at = (index: number): ThreadMessage | undefined => messages[index] ?? draft?.message
  // The same function as long as the messages are: with another one all ten thousand places are computed anew, for each frame.
  const draftId = draft?.message.id
  const getItemKey = useCallback((index: number) => messages[index]?.id ?? draftId ?? index, [messages, draftId])
  // oxlint-disable-next-line react/incompatible-library -- nothing of it is handed on to memoised components
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => {
      const message = at(index)
      return message === undefined ? LINE_PX : guessHeight(message)
    },
    getItemKey,
    gap: 14,
    paddingStart: 20,
    paddingEnd: 16,
    overscan: 3,
    // Older messages come in above without moving what is read.
    anchorTo: 'end',
    scrollEndThreshold: NEAR_END_PX,
  })
  // What grows is measured with the words that make it grow: else the page is drawn twice for each of them.
  const growing = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (draft !== null && growing.current !== null) virtualizer.measureElement(growing.current)
  }, [draft, virtualizer])
  const total = virtualizer.getTotalSize()
  const items = virtualizer.getVirtualItems()

  const toEnd = (): void => {
    const element = scroller.current
    if (element !== null) element.scrollTop = element.scrollHeight
  }
  const onScroll = (): void => {
    const element = scroller.current
    if (element === null) return
    const isNearEnd = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_END_PX
    // A quick answer grows between our own scrolling and its event: only a move upwards is somebody's.
    if (isNearEnd) following.current = true
    else if (element.scrollTop < lastTop.current) following.current = false
    lastTop.current = element.scrollTop
    setAway(!following.current)
    if (more && element.scrollTop < READ_AHEAD_PX) void chat.readOlder()
  }
  // A question of one's own is always seen, and so is the end of a conversation that is opened.
  const lastQuestion = messages.at(-1)?.role === 'user' ? messages.at(-1)?.id : null
  useLayoutEffect(() => {
    following.current = true
    setAway(false)
    toEnd()
  }, [chatId, lastQuestion])
  useLayoutEffect(() => {
    if (following.current) toEnd()
  }, [total, count])
  // A window that gets smaller, or a field that grows, takes its room from the end.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd()
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
        className="flex h-full flex-col overflow-y-auto [overflow-anchor:none] focus-visible:-outline-offset-2"
      >
        <div className="relative mx-auto w-full max-w-[736px] flex-none" style={{ height: total }}>
          <div className="absolute inset-x-0 top-0 px-6" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ key, index }) => {
              const message = at(index)
              return message === undefined ? null : (
                <div
                  key={key}
                  ref={(element) => {
                    virtualizer.measureElement(element)
                    if (draft?.message === message) growing.current = element
                  }}
                  data-index={index}
                  className={index === count - 1 ? '' : 'mb-3.5'}
                >
                  <Row message={message} draft={draft?.message === message ? draft : null} />
                </div>
              )
            })}
          </div>
        </div>
      </div>
      {away ? (
        <Button
          size="s"
          icon={<ArrowDown size={12} aria-hidden="true" />}
          className="enter absolute bottom-2 left-1/2 -translate-x-1/2"
          onClick={() => {
            following.current = true
            toEnd()
          }}
        >
          {t.chat.jump}
        </Button>
      ) : null}
    </div>
  )
}
