import { Menu } from '@base-ui/react/menu'
import { Ellipsis } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { ChatSummary, SearchHit } from '../../../shared/contract'
import { useWindow } from '../../app/context'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { splitOwner } from '../models/model'
import { menuItem, menuLine, menuPopup } from './menu'

function RenameField({ chat, onDone }: { chat: ChatSummary; onDone: () => void }) {
  const { t, chats } = useWindow()
  const [title, setTitle] = useState(chat.title)
  const input = useRef<HTMLInputElement>(null)
  const done = useRef(false)
  useEffect(() => input.current?.select(), [])
  const end = (keep: boolean): void => {
    if (done.current) return
    done.current = true
    if (keep && title !== chat.title) void chats.rename(chat.id, title)
    onDone()
  }
  return (
    <input
      ref={input}
      dir="auto"
      aria-label={t.chat.renameLabel(chat.title)}
      value={title}
      maxLength={200}
      onChange={(event) => setTitle(event.target.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') end(true)
        else if (event.key === 'Escape') end(false)
        event.stopPropagation()
      }}
      className="text h-[18px] w-full rounded-1 bg-window font-medium outline-2 outline-ring"
    />
  )
}

function RowMenu({ chat, onRename, shown }: { chat: ChatSummary; onRename: () => void; shown: boolean }) {
  const { t, chats } = useWindow()
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label={t.chat.actions(chat.title)}
        className={cx(
          'absolute end-1 top-1 size-6 place-items-center rounded-2 text-ink-3 fine:hover:bg-press fine:hover:text-ink data-popup-open:bg-press',
          shown
            ? 'grid'
            : 'sr-only focus-visible:not-sr-only focus-visible:absolute focus-visible:grid data-popup-open:not-sr-only',
        )}
      >
        <Ellipsis size={14} aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal container={document.querySelector('main')}>
        <Menu.Positioner sideOffset={4} align="start" className="z-50">
          <Menu.Popup className={menuPopup}>
            <Menu.Item className={menuItem} onClick={onRename}>
              {t.chat.rename}
            </Menu.Item>
            <Menu.Item className={menuItem} onClick={() => void chats.pin(chat.id, !chat.pinned)}>
              {chat.pinned ? t.chat.unpin : t.chat.pin}
            </Menu.Item>
            <Menu.Item className={menuItem} onClick={() => void chats.exportChats('markdown', chat)}>
              {t.chat.exportMarkdown}
            </Menu.Item>
            <Menu.Item className={menuItem} onClick={() => void chats.exportChats('json', chat)}>
              {t.chat.exportJson}
            </Menu.Item>
            <Menu.Separator className={menuLine} />
            <Menu.Item className={menuItem} onClick={() => void chats.remove(chat)}>
              {t.chat.delete}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

interface RowProps {
  chat: ChatSummary
  shown: boolean
  now: number
  snippet?: SearchHit['snippet']
  onOpen: () => void
}

/** One conversation of the list. F2 renames, Delete deletes. */
export const ConversationRow = memo(function ConversationRow({ chat, shown, now, snippet = null, onOpen }: RowProps) {
  const { t, chat: actions, chats, format } = useWindow()
  const [renaming, setRenaming] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const when = chat.answering ? t.chat.answeringNow : format.ago(chat.updated_at, now)
  const meta = [chat.model === null ? null : splitOwner(chat.model).short, when].filter((part) => part !== null).join(' · ')
  const text = (
    <>
      {snippet === null ? (
        <span className="truncate text-11 text-ink-3">{meta}</span>
      ) : (
        <span dir="auto" className="truncate text-11 text-ink-3">
          {snippet.before}
          <mark className="rounded-1 bg-accent-soft text-ink">{snippet.match}</mark>
          {snippet.after}
        </span>
      )}
    </>
  )
  return (
    <li className="relative">
      {renaming ? (
        <div className="grid gap-px rounded-2 bg-select px-2.5 py-[5px]">
          <RenameField
            chat={chat}
            onDone={() => {
              setRenaming(false)
              button.current?.focus()
            }}
          />
          {text}
        </div>
      ) : (
        <button
          ref={button}
          type="button"
          data-chat
          aria-current={shown ? 'true' : undefined}
          title={chat.title}
          onClick={() => {
            void actions.open(chat.id)
            onOpen()
          }}
          onKeyDown={(event) => {
            if (event.key === 'F2') setRenaming(true)
            else if (event.key === 'Delete' || (event.key === 'Backspace' && (event.metaKey || event.ctrlKey)))
              void chats.remove(chat)
            else return
            event.preventDefault()
            event.stopPropagation()
          }}
          className={cx(
            'grid w-full gap-px rounded-2 px-2.5 py-[5px] text-start focus-visible:-outline-offset-2',
            shown ? 'bg-select pe-8' : 'fine:hover:bg-hover',
          )}
        >
          <span className="flex min-w-0 items-center gap-1.5">
            <span dir="auto" className="truncate font-medium">
              {chat.title}
            </span>
            {/* Behind the title: it must not move when the answer ends. */}
            {chat.answering ? <Ring size={11} still /> : null}
          </span>
          {text}
        </button>
      )}
      {renaming ? null : <RowMenu chat={chat} shown={shown} onRename={() => setRenaming(true)} />}
    </li>
  )
})
