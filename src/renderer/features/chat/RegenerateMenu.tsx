import { Menu } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import { createContext, useContext, useState, type ReactNode } from 'react'
import { useChat, useModels, useWindow } from '../../app/context'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { canChat, splitOwner, splitTail } from '../models/model'
import { menuItem, menuPopup } from './menu'

const EMPTY: never[] = []

type Handle = ReturnType<typeof Menu.createHandle<string>>
const MenuContext = createContext<Handle | null>(null)

/** Another version of an answer by another model. */
export function RegenerateMenu({ message }: { message: string }) {
  const { t } = useWindow()
  const handle = useContext(MenuContext)
  if (handle === null) return null
  return (
    <Menu.Trigger
      handle={handle}
      payload={message}
      aria-label={t.chat.regenerateWith}
      title={t.chat.regenerateWith}
      className="grid size-6 place-items-center rounded-2 text-ink-3 fine:hover:bg-hover fine:hover:text-ink data-popup-open:bg-press"
    >
      <ChevronDown size={12} aria-hidden="true" />
    </Menu.Trigger>
  )
}

/** The menu of all answers in it: one for a conversation of thousands. */
export function RegenerateMenuProvider({ children }: { children: ReactNode }) {
  const { t, chat } = useWindow()
  const [handle] = useState(() => Menu.createHandle<string>())
  const current = useChat((state) => state.model)
  const models = useModels((state) => state.list?.models ?? EMPTY)
  const others = models.filter((model) => canChat(model) && model.name !== current)
  return (
    <>
      <MenuContext value={others.length === 0 ? null : handle}>{children}</MenuContext>
      <Menu.Root handle={handle}>
        {({ payload: message }) => (
          <Menu.Portal container={document.querySelector('main')}>
            <Menu.Positioner sideOffset={4} align="start" className="z-50">
              <Menu.Popup className={menuPopup}>
                <Menu.Group>
                  <Menu.GroupLabel className="px-2 pt-1.5 pb-1 text-11 font-semibold text-ink-3">
                    {t.chat.regenerateWith}
                  </Menu.GroupLabel>
                  {others.map(({ name }) => {
                    const { owner, short } = splitOwner(name)
                    return (
                      <Menu.Item
                        key={name}
                        className={menuItem}
                        onClick={() => (message === undefined ? undefined : void chat.regenerate(message, name))}
                      >
                        <MiddleCut prefix={owner === null ? null : `${owner}/`} {...splitTail(short)} />
                      </Menu.Item>
                    )
                  })}
                </Menu.Group>
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        )}
      </Menu.Root>
    </>
  )
}
