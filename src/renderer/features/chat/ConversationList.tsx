import { Dialog } from '@base-ui/react/dialog'
import { Plus } from 'lucide-react'
import { useRef, type KeyboardEvent, type ReactNode } from 'react'
import { useChat, useChats, useView, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { shortcutLabel } from '../../app/shortcuts'
import { IconButton } from '../../components/ui/Button'
import { SearchField } from '../../components/ui/SearchField'
import { cx } from '../../lib/cx'
import { useMedia, WIDE } from '../../lib/use-media'
import { useNow } from '../../lib/use-now'
import { ConversationRow } from './ConversationRow'
import { groupChats } from './model'

const READ_AHEAD_PX = 400
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section aria-label={label} className="pb-1">
      <h2 className="px-2.5 pt-2 pb-1 text-11 font-semibold text-ink-3">{label}</h2>
      <ul className="grid gap-px">{children}</ul>
    </section>
  )
}

function Content({ onOpen }: { onOpen: () => void }) {
  const { t, chat, chats, host, view } = useWindow()
  const list = useChats((state) => state.chats)
  const next = useChats((state) => state.next)
  const query = useChats((state) => state.query)
  const hits = useChats((state) => state.hits)
  const problem = useChats((state) => state.problem)
  const setAside = useChats((state) => state.setAside)
  const shown = useChat((state) => state.chatId)
  const fresh = useChat((state) => state.chatId === null)
  const focus = useView((state) => (state.focus?.target === 'search' ? state.focus.turn : 0))
  const now = useNow()
  const body = useRef<HTMLDivElement>(null)

  const focusRow = (step: number): void => {
    const rows = [...(body.current?.querySelectorAll<HTMLElement>('[data-chat]') ?? [])]
    const at = rows.findIndex((row) => row === document.activeElement)
    rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key]
    if (step === undefined || !(event.target instanceof HTMLElement) || event.target.dataset['chat'] === undefined) return
    event.preventDefault()
    focusRow(step)
  }
  const searching = query.trim() !== ''
  return (
    <>
      <div className="drag flex h-(--k-bar) flex-none items-center gap-1.5 px-3">
        <SearchField
          label={t.chat.searchAll}
          clearLabel={t.chat.clearSearch}
          shortcut={null}
          value={query}
          onChange={(value) => void chats.search(value)}
          onLeave={() => focusRow(0)}
          focusTurn={focus}
          onFocused={view.focusDone}
          className="flex-1"
        />
        <IconButton
          label={t.chat.newChat}
          shortcut={shortcutLabel('new_chat', host)}
          kind="plain"
          off={fresh ? '' : false}
          onClick={() => {
            chat.newChat()
            view.focus('composer')
            onOpen()
          }}
        >
          <Plus size={16} strokeWidth={1.75} aria-hidden="true" />
        </IconButton>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- arrows move between the buttons in it */}
      <div
        ref={body}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          if (next !== null && !searching && scrollHeight - scrollTop - clientHeight < READ_AHEAD_PX) void chats.readMore()
        }}
        className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-2"
      >
        {problem === null ? null : (
          <div className="p-1.5">
            <FailureNote error={problem} onRetry={() => void chats.refresh()} />
          </div>
        )}
        {setAside === null ? null : (
          <p className="text px-2.5 py-1.5 text-11 [overflow-wrap:anywhere] text-ink-2">{t.chat.setAside(setAside)}</p>
        )}
        {searching && hits !== null ? (
          hits.length === 0 ? (
            <p className="px-2.5 py-2 text-12 [overflow-wrap:anywhere] text-ink-3">{t.chat.noHits(query.trim())}</p>
          ) : (
            <Group label={t.chat.found}>
              {hits.map((hit) => (
                <ConversationRow
                  now={now}
                  key={hit.chat.id}
                  chat={hit.chat}
                  snippet={hit.snippet}
                  shown={hit.chat.id === shown}
                  onOpen={onOpen}
                />
              ))}
            </Group>
          )
        ) : list !== null && list.length === 0 ? (
          <p className="px-2.5 py-2 text-12 text-ink-3">{t.chat.noChats}</p>
        ) : (
          groupChats(list ?? [], now).map((group) => (
            <Group key={group.period} label={t.chat.period[group.period]}>
              {group.chats.map((entry) => (
                <ConversationRow now={now} key={entry.id} chat={entry} shown={entry.id === shown} onOpen={onOpen} />
              ))}
            </Group>
          ))
        )}
      </div>
    </>
  )
}

/** Beside the conversation where there is room, else an overlay. */
export function ConversationList() {
  const { t, stores } = useWindow()
  const hasRoom = useMedia(WIDE)
  const open = useView((state) => state.chatListOpen)
  const close = (): void => stores.view.setState({ chatListOpen: false })
  const panel = 'flex h-full w-[232px] flex-none flex-col bg-pane'
  if (hasRoom)
    return (
      <section data-region="list" aria-label={t.chat.conversations} className={cx(panel, 'border-e border-line')}>
        <Content onOpen={close} />
      </section>
    )
  return (
    <Dialog.Root open={open} onOpenChange={(next) => stores.view.setState({ chatListOpen: next })}>
      <Dialog.Portal container={document.querySelector('main')}>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-scrim" />
        <Dialog.Popup
          aria-label={t.chat.conversations}
          className={cx(panel, 'enter fixed inset-y-0 start-0 z-40 w-[280px] shadow-3 outline-none')}
        >
          <Content onOpen={close} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
