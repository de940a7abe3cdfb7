import { MessageCircle, OctagonAlert, Plus } from 'lucide-react'
import { shortcutLabel } from '../../app/shortcuts'
import { Toolbar } from '../../app/Toolbar'
import { useChat, useModels, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { Toast } from '../../components/ui/Toast'
import { EngineBanner, useEngineView } from '../engine/EngineBanner'
import { findLoaded, splitOwner } from '../models/model'
import { Composer } from './Composer'
import { ContextMeter } from './ContextMeter'
import { ModelSwitcher } from './ModelSwitcher'
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

export function ChatView() {
  const { t, chat, stores, host } = useWindow()
  const state = useEngineView()
  const model = useChat((chatState) => chatState.model)
  const empty = useChat((chatState) => chatState.messages.length === 0 && chatState.draft === null)
  const cleared = useChat((chatState) => chatState.cleared)
  // The middle of the empty view says it already.
  const showBanner = !(empty && state.kind === 'missing')
  const off =
    model === null ? t.chat.noModelsTitle : state.kind === 'ready' || state.kind === 'unknown' ? false : t.detail.whyNotLoad.engine
  return (
    <>
      <Toolbar
        title={
          <>
            <h1 className="sr-only">{t.chat.title}</h1>
            <ModelSwitcher />
          </>
        }
      >
        <ContextMeter />
        <IconButton
          label={t.chat.newChat}
          shortcut={shortcutLabel('new_chat', host)}
          off={empty ? '' : false}
          onClick={chat.newChat}
        >
          <Plus size={16} strokeWidth={1.75} aria-hidden="true" />
        </IconButton>
      </Toolbar>
      {showBanner ? <EngineBanner /> : null}
      {empty ? (
        <div className="min-h-0 flex-1">
          <Beginning />
        </div>
      ) : (
        <Thread />
      )}
      <Composer off={off} />
      {cleared === null ? null : (
        <Toast
          onEnd={() => stores.chat.setState({ cleared: null })}
          action={
            <Button size="s" kind="link" onClick={chat.undoNewChat}>
              {t.common.undo}
            </Button>
          }
        >
          {t.chat.cleared}
        </Toast>
      )}
    </>
  )
}
