import { useEffect, useState } from 'react'
import { MessageCircle, MessagesSquare, OctagonAlert, Plus } from 'lucide-react'
import { shortcutLabel } from '../../app/shortcuts'
import { FailureNote } from '../../app/FailureNote'
import { Toolbar } from '../../app/Toolbar'
import { useChat, useModels, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { Ring } from '../../components/ui/Ring'
import { EngineBanner, useEngineView } from '../engine/EngineBanner'
import { findLoaded, splitOwner } from '../models/model'
import { useMedia, WIDE } from '../../lib/use-media'
import { ChatMenu } from './ChatMenu'
import { ChatSettings } from './ChatSettings'
import { Composer } from './Composer'
import { ContextBanner, ContextMeter } from './ContextMeter'
import { ConversationList } from './ConversationList'
import { ModelSwitcher } from './ModelSwitcher'
import { RegenerateMenuProvider } from './RegenerateMenu'
import { Thread } from './Thread'

/** What stands in the place of a conversation that has not begun. */
function Beginning() {
  const { t, engine, view, stores } = useWindow()
  const state = useEngineView()
  const model = useChat((chat) => chat.model)
  const loaded = useModels((models) => (model === null ? null : findLoaded(models.loaded, model)))
  if (stores.models.getState().list === null) return null
  if (model === null)
    return (
      <Notice
        icon={<MessageCircle size={28} strokeWidth={1.4} />}
        title={t.chat.noModelsTitle}
        actions={
          <Button kind="primary" onClick={() => view.go('models')}>
            {t.errors.openModels}
          </Button>
        }
      >
        {t.chat.noModelsText}
      </Notice>
    )
  if (state.kind === 'missing')
    return (
      <Notice
        icon={<OctagonAlert size={28} strokeWidth={1.4} />}
        title={t.engine.missingTitle}
        actions={
          <Button kind="primary" onClick={() => void engine.install()}>
            {t.engine.install}
          </Button>
        }
      >
        {t.engine.missingText}
      </Notice>
    )
  return (
    <Notice icon={<MessageCircle size={28} strokeWidth={1.4} />} title={t.chat.emptyTitle(splitOwner(model).short)}>
      {loaded?.state === 'ready' ? t.chat.emptyLoaded : t.chat.emptyText}
    </Notice>
  )
}

const SLOW_MS = 300

/** Nothing at first: most conversations are there before a spinner could be seen. */
function Opening() {
  const { t } = useWindow()
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [])
  return slow ? <Notice icon={<Ring size={26} />} title={t.chat.opening} /> : null
}

export function ChatView() {
  const { t, chat, stores, host, view } = useWindow()
  const state = useEngineView()
  const hasRoom = useMedia(WIDE)
  const model = useChat((chatState) => chatState.model)
  const empty = useChat((chatState) => chatState.messages.length === 0 && chatState.draft === null)
  const opening = useChat((chatState) => chatState.opening)
  const fresh = useChat((chatState) => chatState.chatId === null)
  const problem = useChat((chatState) => chatState.problem)
  // The middle of the empty view says it already.
  const showBanner = !(empty && state.kind === 'missing')
  const off =
    model === null ? t.chat.noModelsTitle : state.kind === 'ready' || state.kind === 'unknown' ? false : t.detail.whyNotLoad.engine
  return (
    <div className="flex min-h-0 flex-1">
      <ConversationList />
      <div className="flex min-w-0 flex-1 flex-col">
        <Toolbar
          title={
            <>
              <h1 className="sr-only">{t.chat.title}</h1>
              {hasRoom ? null : (
                <IconButton label={t.chat.showConversations} onClick={() => stores.view.setState({ chatListOpen: true })}>
                  <MessagesSquare size={16} strokeWidth={1.75} aria-hidden="true" />
                </IconButton>
              )}
              <ModelSwitcher />
            </>
          }
        >
          <ContextMeter />
          {hasRoom ? null : (
            <IconButton
              label={t.chat.newChat}
              shortcut={shortcutLabel('new_chat', host)}
              off={fresh ? '' : false}
              onClick={() => {
                chat.newChat()
                view.focus('composer')
              }}
            >
              <Plus size={16} strokeWidth={1.75} aria-hidden="true" />
            </IconButton>
          )}
          <ChatSettings />
          <ChatMenu />
        </Toolbar>
        {showBanner ? <EngineBanner /> : null}
        <ContextBanner />
        {empty ? (
          <div className="min-h-0 flex-1">{opening ? <Opening /> : <Beginning />}</div>
        ) : (
          <RegenerateMenuProvider>
            <Thread />
          </RegenerateMenuProvider>
        )}
        {problem === null ? null : (
          <div className="mx-auto w-full max-w-[736px] flex-none px-6 pb-2">
            <FailureNote error={problem} withAction={false} />
          </div>
        )}
        <Composer off={off} />
      </div>
    </div>
  )
}
