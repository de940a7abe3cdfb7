import { Select } from '@base-ui/react/select'
import { Check, ChevronDown } from 'lucide-react'
import { useMemo } from 'react'
import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { useChat, useModels, useView, useWindow } from '../../app/context'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { Ring } from '../../components/ui/Ring'
import { isLoading } from '../models/load-words'
import { canChat, findLoaded, splitOwner, splitTail } from '../models/model'

function LoadDot({ loaded }: { loaded: LoadedModel | null }) {
  const { t } = useWindow()
  if (isLoading(loaded)) return <Ring size={12} />
  const word = t.chat.loadedState(loaded)
  return (
    <span
      role="img"
      aria-label={word}
      title={word}
      className={
        loaded === null
          ? 'size-[7px] flex-none rounded-full shadow-[inset_0_0_0_1.5px_var(--k-edge)]'
          : 'size-[7px] flex-none rounded-full bg-ok'
      }
    />
  )
}

function Item({ model, loaded }: { model: ModelSummary; loaded: LoadedModel | null }) {
  const { format } = useWindow()
  const { owner, short } = splitOwner(model.name)
  return (
    <Select.Item
      value={model.name}
      label={short}
      className="grid h-8 cursor-default grid-cols-[14px_minmax(0,1fr)_auto_auto] items-center gap-2 rounded-3 px-2 outline-none data-highlighted:bg-select"
    >
      <span className="grid place-items-center">
        <Select.ItemIndicator>
          <Check size={14} aria-hidden="true" />
        </Select.ItemIndicator>
      </span>
      <Select.ItemText className="min-w-0">
        <MiddleCut prefix={owner === null ? null : `${owner}/`} {...splitTail(short)} />
      </Select.ItemText>
      {loaded === null ? <span /> : <LoadDot loaded={loaded} />}
      <span className="num ps-3 text-end text-12 text-ink-3">{format.disk(model.size_bytes)}</span>
    </Select.Item>
  )
}

function Group({ label, models, loaded }: { label: string; models: readonly ModelSummary[]; loaded: readonly LoadedModel[] }) {
  if (models.length === 0) return null
  return (
    <Select.Group>
      <Select.GroupLabel className="px-2 pt-1.5 pb-1 text-11 font-semibold text-ink-3">{label}</Select.GroupLabel>
      {models.map((model) => (
        <Item key={`${model.root.path}|${model.name}`} model={model} loaded={findLoaded(loaded, model.name)} />
      ))}
    </Select.Group>
  )
}

/** The model that answers, and every other that could. */
export function ModelSwitcher() {
  const { t, chat, view } = useWindow()
  const model = useChat((state) => state.model)
  const list = useModels((state) => state.list)
  const loaded = useModels((state) => state.loaded)
  const open = useView((state) => state.switcherOpen)

  const able = useMemo(() => (list?.models ?? []).filter(canChat), [list])
  const inMemory = able.filter((entry) => findLoaded(loaded, entry.name) !== null)
  const others = able.filter((entry) => !inMemory.includes(entry))
  const short = model === null ? t.chat.noModel : splitOwner(model).short

  return (
    <Select.Root
      value={model}
      open={open}
      onOpenChange={view.openSwitcher}
      onValueChange={(value) => {
        if (value === null) return
        chat.setModel(value)
        view.focus('composer')
      }}
    >
      <Select.Trigger
        aria-label={`${t.chat.model}: ${short}`}
        title={model ?? t.chat.chooseModel}
        disabled={able.length === 0}
        className="-ms-2 flex h-7 min-w-0 items-center gap-[7px] rounded-2 px-2 font-semibold fine:hover:bg-hover data-popup-open:bg-press"
      >
        {model === null ? null : <LoadDot loaded={findLoaded(loaded, model)} />}
        <MiddleCut {...splitTail(short)} />
        <ChevronDown size={12} aria-hidden="true" className="flex-none text-ink-3" />
      </Select.Trigger>
      {/* Inside the landmark: a screen reader that walks by landmarks finds the list. */}
      <Select.Portal container={document.querySelector('main')}>
        <Select.Positioner sideOffset={4} alignItemWithTrigger={false} align="start" className="z-50">
          <Select.Popup className="enter max-h-(--available-height) w-[min(400px,calc(100vw-24px))] overflow-y-auto rounded-4 bg-raised p-1 shadow-3 outline-none">
            <Group label={t.chat.switcherLoaded} models={inMemory} loaded={loaded} />
            <Group label={t.chat.switcherOthers} models={others} loaded={loaded} />
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}
