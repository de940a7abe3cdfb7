import { Menu } from '@base-ui/react/menu'
import { Ellipsis, Folder, MessageCircle, Play, RefreshCw, Square, Trash2 } from 'lucide-react'
import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { shortcutLabel } from '../../app/shortcuts'
import { useWindow } from '../../app/context'
import { Button, IconButton } from '../../components/ui/Button'
import { isLoading } from './load-words'
import { canChat, canRemove, canRepair, healthState } from './model'
import { CareItems, MENU, useWhyNotLoad } from './ModelMenu'

const icon = { size: 14, 'aria-hidden': true } as const

function More({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t } = useWindow()
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
          <Menu.Popup className={MENU}>
            <CareItems model={model} loaded={loaded} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** What can be done to a model: the one most wanted first, what nobody can take back last and apart. */
export function ModelActions({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t, host, care, models, openChat, removal, reveal } = useWindow()
  const { modelBlock, off } = useWhyNotLoad(model)
  const chatable = canChat(model)
  const repairFirst = healthState(model) === 'unhealthy' && canRepair(model)
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
