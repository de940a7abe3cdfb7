import { Menu } from '@base-ui/react/menu'
import { Ellipsis } from 'lucide-react'
import { useRef } from 'react'
import { useChat, useChats, useWindow } from '../../app/context'
import { menuItem, menuLine, menuPopup } from './menu'

/** Files in and out: this conversation, and all of them. */
export function ChatMenu() {
  const { t, chats } = useWindow()
  const chatId = useChat((state) => state.chatId)
  const current = useChats((state) => state.chats?.find(({ id }) => id === chatId))
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={chooser}
        type="file"
        accept=".json,application/json"
        hidden
        data-testid="import"
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file !== undefined) void file.text().then(chats.importText)
          event.target.value = ''
        }}
      />
      <Menu.Root>
        <Menu.Trigger
          aria-label={t.chat.more}
          title={t.chat.more}
          className="grid size-7 flex-none place-items-center rounded-2 text-ink-2 fine:hover:bg-hover fine:hover:text-ink data-popup-open:bg-press"
        >
          <Ellipsis size={16} strokeWidth={1.75} aria-hidden="true" />
        </Menu.Trigger>
        <Menu.Portal container={document.querySelector('main')}>
          <Menu.Positioner sideOffset={4} align="end" className="z-50">
            <Menu.Popup className={menuPopup}>
              <Menu.Item
                className={menuItem}
                disabled={current === undefined}
                onClick={() => void chats.exportChats('markdown', current)}
              >
                {t.chat.exportMarkdown}
              </Menu.Item>
              <Menu.Item
                className={menuItem}
                disabled={current === undefined}
                onClick={() => void chats.exportChats('json', current)}
              >
                {t.chat.exportJson}
              </Menu.Item>
              <Menu.Separator className={menuLine} />
              <Menu.Item className={menuItem} onClick={() => void chats.exportChats('json')}>
                {t.chat.exportAll}
              </Menu.Item>
              <Menu.Item className={menuItem} onClick={() => chooser.current?.click()}>
                {t.chat.importFile}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </>
  )
}
