import { Eye, Lightbulb, Wrench } from 'lucide-react'
import { memo } from 'react'
import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { toVisible } from '../../../shared/text/visible'
import { useModels, useWindow } from '../../app/context'
import { MiddleCut } from '../../components/ui/MiddleCut'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { HealthMark } from './HealthMark'
import { isLoading, loadWord, loadWordShort } from './load-words'
import {
  healthReason,
  healthState,
  quantName,
  shortReason,
  shownCapabilities,
  splitOwner,
  splitTail,
  type Capability,
} from './model'

const icons: Record<Capability, typeof Eye> = { reasoning: Lightbulb, tools: Wrench, vision: Eye }

export type SelectHow = 'only' | 'toggle' | 'range'

interface ModelRowProps {
  model: ModelSummary
  rowKey: string
  loaded: LoadedModel | null
  selected: boolean
  /** The one tab stop of the list. */
  tabStop: boolean
  rowIndex: number
  /** From the top of the list, in px. */
  top: number
  nowMs: number
  onSelect: (key: string, how: SelectHow) => void
  onAct: (key: string) => void
}

function Capabilities({ model }: { model: ModelSummary }) {
  const { t } = useWindow()
  return shownCapabilities(model).map((name) => {
    const Icon = icons[name]
    return (
      <span key={name} className="flex-none text-ink-3" title={t.models.capability[name]}>
        <Icon size={12} aria-hidden="true" />
        <span className="sr-only">{t.models.capability[name]}</span>
      </span>
    )
  })
}

const fitTone = { fits: 'text-ink-2', tight: 'text-warn-ink', too_large: 'text-bad-ink' } as const

/** What the model takes of the memory with the context that it would be given, and whether that is there. */
function Fit({ rowKey }: { rowKey: string }) {
  const { t, format } = useWindow()
  const fit = useModels((state) => state.fits[rowKey])
  const limit = useModels((state) => state.limitBytes)
  if (fit === undefined || limit === null)
    return (
      <td role="gridcell" className="c-fit text-end text-ink-3">
        –
      </td>
    )
  const need = format.memory(fit.needed_bytes)
  const free = format.memory(Math.max(0, limit - fit.needed_bytes))
  const sentences = {
    fits: t.care.fits(need, free),
    tight: t.care.tight(need, free),
    too_large: t.care.tooLarge(need, format.memory(limit)),
  }
  return (
    <td role="gridcell" className={cx('c-fit num truncate text-end', fitTone[fit.verdict])} title={sentences[fit.verdict]}>
      {need} <span className="sr-only">{t.care.verdict[fit.verdict]}</span>
    </td>
  )
}

function ModelRowBody({ model, rowKey, loaded, selected, tabStop, rowIndex, top, nowMs, onSelect, onAct }: ModelRowProps) {
  const { t, format } = useWindow()
  const used = useModels(({ used: all }) => all[model.name])
  const state = healthState(model)
  const reason = healthReason(model, t.models.finding)
  const short = shortReason(model, t.models)
  const { owner, short: name } = splitOwner(model.name)
  const problem = loaded === null && (state === 'unhealthy' || state === 'repair' || state === 'cannot_run')
  const tone = state === 'unhealthy' ? 'text-bad-ink' : state === 'repair' ? 'text-warn-ink' : 'text-ink-2'

  return (
    <tr
      role="row"
      data-key={rowKey}
      aria-rowindex={rowIndex}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      onClick={({ metaKey, ctrlKey, shiftKey }) => onSelect(rowKey, shiftKey ? 'range' : metaKey || ctrlKey ? 'toggle' : 'only')}
      onDoubleClick={() => onAct(rowKey)}
      style={{ transform: `translateY(${top}px)` }}
      className={cx(
        'columns absolute inset-x-1 top-0 h-[34px] rounded-2 px-3 focus-visible:-outline-offset-2',
        selected ? 'bg-select group-[&:not(:focus-within)]/list:bg-select-idle' : 'fine:hover:bg-hover',
      )}
    >
      <td role="gridcell">
        {isLoading(loaded) ? (
          <span className="grid place-items-center">
            <Ring size={14} />
          </span>
        ) : (
          <HealthMark state={state} />
        )}
      </td>
      <td role="gridcell" className="flex items-center gap-1.5" title={toVisible(model.name)}>
        <MiddleCut prefix={owner === null ? null : `${owner}/`} {...splitTail(name)} />
        <Capabilities model={model} />
      </td>
      <td role="gridcell" className="num text-end" title={`${format.integer(model.size_bytes)} B`}>
        {format.disk(model.size_bytes)}
      </td>
      <td role="gridcell" className="c-wide truncate text-ink-2">
        {quantName(model)}
      </td>
      {problem ? (
        <td role="gridcell" aria-colspan={2} className={cx('c-state c-why truncate', tone)} title={reason ?? t.models.state[state]}>
          <span className="max-wide:hidden">{short ?? t.models.state[state]}</span>
          <span className="wide:hidden text-12">{t.models.state[state]}</span>
        </td>
      ) : (
        <>
          <td role="gridcell" className="c-wide num text-end text-ink-2">
            {model.context.source === 'unknown' ? '–' : format.tokens(model.context.tokens)}
          </td>
          <td role="gridcell" className="c-state truncate">
            {loaded === null ? (
              <span className="text-ink-3 max-wide:text-12">{t.models.state[state]}</span>
            ) : (
              <span className="num flex items-center gap-1.5 max-wide:text-12">
                <span
                  aria-hidden="true"
                  className={cx('size-[7px] flex-none rounded-full', isLoading(loaded) ? 'hidden' : 'bg-ok')}
                />
                <span className="truncate max-wide:hidden">{loadWord(loaded, t, format)}</span>
                <span className="truncate wide:hidden">{loadWordShort(loaded, t, format)}</span>
              </span>
            )}
          </td>
        </>
      )}
      <Fit rowKey={rowKey} />
      <td role="gridcell" className="c-wide truncate text-ink-3" title={used === undefined ? undefined : format.dateTime(used)}>
        {used === undefined ? '–' : format.ago(used, nowMs)}
      </td>
    </tr>
  )
}

export const ModelRow = memo(ModelRowBody)
