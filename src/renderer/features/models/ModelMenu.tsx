import { ContextMenu } from '@base-ui/react/context-menu'
import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { shortcutLabel } from '../../app/shortcuts'
import { useCare, useEngine, useModels, useWindow } from '../../app/context'
import { Kbd } from '../../components/ui/Kbd'
import { copyText } from '../../lib/clipboard'
import { engineView } from '../engine/model'
import { isLoading } from './load-words'
import { canChat, canRemove, canRepair, findAllSelected, findLoaded, healthState, modelKey } from './model'

export const MENU = 'enter min-w-52 rounded-4 bg-raised p-1 shadow-2 outline-none'

function Item({
  children,
  shortcut,
  off = false,
  onClick,
}: {
  children: ReactNode
  shortcut?: string
  off?: boolean
  onClick: () => void
}) {
  return (
    <Menu.Item
      disabled={off}
      onClick={onClick}
      className="flex h-7 items-center gap-4 rounded-3 px-2.5 outline-none data-disabled:text-ink-3 data-highlighted:bg-select"
    >
      <span className="flex-1">{children}</span>
      {shortcut === undefined ? null : <Kbd>{shortcut}</Kbd>}
    </Menu.Item>
  )
}

const Line = () => <Menu.Separator className="mx-2 my-1 border-t border-line" />

/** All that are selected and shown, in the order of the list; empty when it is one alone. */
function useSelectedModels(): readonly ModelSummary[] {
  const { stores } = useWindow()
  const also = useModels((state) => state.also)
  if (also.length === 0) return []
  const { list, selected, filter, search } = stores.models.getState()
  return findAllSelected(list?.models ?? [], { selected, also }, { filter, search })
}

/** Why a model cannot be loaded now, as a sentence; `off` is false when it can. */
export function useWhyNotLoad(model: ModelSummary): { modelBlock: string | null; off: string | false } {
  const { t } = useWindow()
  const engine = useEngine((state) => engineView(state.engine, state.jobs).kind)
  const state = healthState(model)
  const modelBlock = state === 'unhealthy' || state === 'cannot_run' ? t.detail.whyNotLoad[state] : null
  const engineBlock = engine === 'ready' || engine === 'unknown' ? null : t.detail.whyNotLoad.engine
  return { modelBlock, off: modelBlock ?? engineBlock ?? false }
}

/** What is done for a model on the disk and in memory, as items of a menu. */
export function CareItems({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t, host, care, models, stores, updates, view } = useWindow()
  const checking = useCare((state) => {
    const check = state.checks[model.name]
    return check?.state === 'running' || check?.state === 'waiting'
  })
  const inStorage = (): void => {
    stores.storage.setState({ selected: modelKey(model) })
    view.go('storage')
  }
  return (
    <>
      {checking ? (
        <Item onClick={() => care.cancelVerify(model.name)}>{t.care.cancelVerify}</Item>
      ) : (
        <Item shortcut={shortcutLabel('verify', host)} onClick={() => void care.verify([model.name])}>
          {t.care.verifyLong}
        </Item>
      )}
      {model.cached ? <Item onClick={() => void updates.check(model.name)}>{t.care.update.check}</Item> : null}
      {canRepair(model) ? (
        <Item shortcut={shortcutLabel('repair', host)} onClick={() => void care.askRepair(model.name)}>
          {t.care.repair}
        </Item>
      ) : null}
      {loaded === null || isLoading(loaded) ? null : (
        <Item onClick={() => void models.pin(model.name, !loaded.pinned)}>{loaded.pinned ? t.care.unpin : t.care.pin}</Item>
      )}
      <Line />
      {model.cached ? <Item onClick={inStorage}>{t.care.showStorage}</Item> : null}
      <Item onClick={() => void copyText(model.name)}>{t.detail.copyName}</Item>
    </>
  )
}

/** The menu of a row: everything that can be done to its model, wherever its details are. */
function RowItems({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { t, host, models, openChat, removal, reveal } = useWindow()
  const { off } = useWhyNotLoad(model)
  return (
    <>
      <Item off={off !== false || !canChat(model)} onClick={() => openChat(model.name)}>
        {t.detail.chat}
      </Item>
      {loaded === null ? (
        <Item off={off !== false} onClick={() => void models.load(model.name)}>
          {t.detail.load}
        </Item>
      ) : (
        <Item off={loaded.state === 'draining'} onClick={() => void models.unload(model.name)}>
          {isLoading(loaded) ? t.detail.cancelLoad : t.detail.unload}
        </Item>
      )}
      <Line />
      <CareItems model={model} loaded={loaded} />
      {reveal === null ? null : (
        <Item shortcut={shortcutLabel('reveal', host)} onClick={() => void reveal(model.name)}>
          {host.isMac ? t.care.reveal : t.care.revealElsewhere}
        </Item>
      )}
      {canRemove(model) ? (
        <>
          <Line />
          <Item
            shortcut={shortcutLabel('remove', host)}
            onClick={() =>
              void removal.ask({ targets: [{ name: model.name, root: model.root.path, revision: null }], prune: null })
            }
          >
            {t.care.remove}
          </Item>
        </>
      ) : null}
    </>
  )
}

/** What can be done to several at once. */
function ManyItems({ models }: { models: readonly ModelSummary[] }) {
  const { t, host, care, removal } = useWindow()
  const targets = models.filter(canRemove).map((model) => ({ name: model.name, root: model.root.path, revision: null }))
  return (
    <>
      <Item shortcut={shortcutLabel('verify', host)} onClick={() => void care.verify(models.map(({ name }) => name))}>
        {t.care.verifyLong}
      </Item>
      <Item onClick={() => void copyText(models.map(({ name }) => name).join('\n'))}>{t.detail.copyName}</Item>
      <Line />
      <Item
        off={targets.length === 0}
        shortcut={shortcutLabel('remove', host)}
        onClick={() => void removal.ask({ targets, prune: null })}
      >
        {t.care.remove}
      </Item>
    </>
  )
}

/** Of what is selected: whoever opens it over another row has selected that one first. */
export function RowMenu() {
  const many = useSelectedModels()
  const model = useModels((state) => state.list?.models.find((entry) => modelKey(entry) === state.selected) ?? null)
  const loaded = useModels((state) => (model === null ? null : findLoaded(state.loaded, model.name)))
  return (
    <ContextMenu.Portal>
      <ContextMenu.Positioner className="z-50">
        <ContextMenu.Popup className={MENU}>
          {many.length > 1 ? <ManyItems models={many} /> : model === null ? null : <RowItems model={model} loaded={loaded} />}
        </ContextMenu.Popup>
      </ContextMenu.Positioner>
    </ContextMenu.Portal>
  )
}
