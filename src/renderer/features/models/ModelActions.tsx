import { Menu } from '@base-ui/react/menu'
import { Ellipsis, Folder, MessageCircle, Play, RefreshCw, Square, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { shortcutLabel } from '../../app/shortcuts'
import { useCare, useEngine, useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { Kbd } from '../../components/ui/Kbd'
import { copyText } from '../../lib/clipboard'
import { engineView } from '../engine/model'
import { isLoading } from './load-words'
import { canChat, canRemove, canRepair, healthState, modelKey } from './model'

const icon = { size: 14, 'aria-hidden': true } as const

function Item({ children, shortcut, onClick }: { children: ReactNode; shortcut?: string; onClick: () => void }) {
  return (
    <Menu.Item onClick={onClick} className="flex h-7 items-center gap-4 rounded-3 px-2.5 outline-none data-highlighted:bg-select">
      <span className="flex-1">{children}</span>
      {shortcut === undefined ? null : <Kbd>{shortcut}</Kbd>}
    </Menu.Item>
  )
}

function More({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t, host, care, models, stores, view } = useWindow()
  const checking = useCare((state) => {
    const check = state.checks[model.name]
    return check?.state === 'running' || check?.state === 'waiting'
  })
  const inStorage = (): void => {
    stores.storage.setState({ selected: modelKey(model) })
    view.go('storage')
  }
  return (
    <Menu.Root>
      <Menu.Trigger
        render={
          <IconButton label={t.care.more} kind="plain">
            <Ellipsis {...icon} />
          </IconButton>
        }
      />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className="enter min-w-52 rounded-4 bg-raised p-1 shadow-2 outline-none">
            {checking ? (
              <Item onClick={() => care.cancelVerify(model.name)}>{t.care.cancelVerify}</Item>
            ) : (
              <Item shortcut={shortcutLabel('verify', host)} onClick={() => void care.verify([model.name])}>
                {t.care.verifyLong}
              </Item>
            )}
            {canRepair(model) ? (
              <Item shortcut={shortcutLabel('repair', host)} onClick={() => void care.askRepair(model.name)}>
                {t.care.repair}
              </Item>
            ) : null}
            {loaded === null || isLoading(loaded) ? null : (
              <Item onClick={() => void models.pin(model.name, !loaded.pinned)}>{loaded.pinned ? t.care.unpin : t.care.pin}</Item>
            )}
            <Menu.Separator className="mx-2 my-1 border-t border-line" />
            {model.cached ? <Item onClick={inStorage}>{t.care.showStorage}</Item> : null}
            <Item onClick={() => void copyText(model.name)}>{t.detail.copyName}</Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** What can be done to a model: the one most wanted first, what nobody can take back last and apart. */
export function ModelActions({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t, host, care, models, openChat, removal, reveal } = useWindow()
  const engine = useEngine((state) => engineView(state.engine, state.jobs).kind)
  const state = healthState(model)
  const chatable = canChat(model)
  const modelBlock = state === 'unhealthy' || state === 'cannot_run' ? t.detail.whyNotLoad[state] : null
  const engineBlock = engine === 'ready' || engine === 'unknown' ? null : t.detail.whyNotLoad.engine
  const off = modelBlock ?? engineBlock ?? false
  const repairFirst = state === 'unhealthy' && canRepair(model)
  const chat = (
    <Button
      kind="primary"
      icon={<MessageCircle {...icon} />}
      off={chatable ? off : (modelBlock ?? t.models.cannotRun)}
      onClick={() => openChat(model.name)}
    >
      {t.detail.chat}
    </Button>
  )
  return (
    <div className="flex gap-2">
      {repairFirst ? (
        <Button kind="primary" icon={<RefreshCw {...icon} />} onClick={() => void care.askRepair(model.name)}>
          {t.care.repair}
        </Button>
      ) : (
        chat
      )}
      {loaded === null ? (
        <Button icon={<Play {...icon} />} off={off} onClick={() => void models.load(model.name)}>
          {t.detail.load}
        </Button>
      ) : (
        <Button icon={<Square {...icon} />} busy={loaded.state === 'draining'} onClick={() => void models.unload(model.name)}>
          {isLoading(loaded) ? t.detail.cancelLoad : t.detail.unload}
        </Button>
      )}
      <span className="flex-1" />
      {reveal === null ? null : (
        <IconButton
          label={host.isMac ? t.care.reveal : t.care.revealElsewhere}
          shortcut={shortcutLabel('reveal', host)}
          kind="plain"
          onClick={() => void reveal(model.name)}
        >
          <Folder {...icon} />
        </IconButton>
      )}
      {canRemove(model) ? (
        <IconButton
          label={t.care.remove}
          shortcut={shortcutLabel('remove', host)}
          kind="plain"
          onClick={() => void removal.ask({ targets: [{ name: model.name, root: model.root.path, revision: null }], prune: null })}
        >
          <Trash2 {...icon} />
        </IconButton>
      ) : null}
      <More model={model} loaded={loaded} />
    </div>
  )
}
