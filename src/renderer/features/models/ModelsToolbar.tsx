import { Menu } from '@base-ui/react/menu'
import { Check, ListFilter, PanelRight } from 'lucide-react'
import type { ModelSummary } from '../../../shared/contract'
import { shortcutLabel } from '../../app/shortcuts'
import { Toolbar } from '../../app/Toolbar'
import { useModels, useView, useWindow } from '../../app/context'
import { IconButton } from '../../components/ui/Button'
import { SearchField } from '../../components/ui/SearchField'
import { Segmented } from '../../components/ui/Segmented'
import { countFilter, type Filter } from './model'

const FILTERS: readonly Filter[] = ['all', 'can_run', 'problems']

function FilterMenu({ value, onChange }: { value: Filter; onChange: (value: Filter) => void }) {
  const { t } = useWindow()
  return (
    <Menu.Root>
      <Menu.Trigger
        render={
          <IconButton label={t.models.filterLabel} className={value === 'all' ? '' : 'text-accent-ink'}>
            <ListFilter size={16} strokeWidth={1.75} aria-hidden="true" />
          </IconButton>
        }
      />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className="enter min-w-40 rounded-4 bg-raised p-1 shadow-2 outline-none">
            <Menu.RadioGroup value={value} onValueChange={onChange}>
              {FILTERS.map((filter) => (
                <Menu.RadioItem
                  key={filter}
                  value={filter}
                  closeOnClick
                  className="flex h-7 items-center gap-2 rounded-3 px-2 outline-none data-highlighted:bg-select"
                >
                  <span className="grid w-3.5 place-items-center">
                    <Menu.RadioItemIndicator>
                      <Check size={14} aria-hidden="true" />
                    </Menu.RadioItemIndicator>
                  </span>
                  {t.models.filter[filter]}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

interface ModelsToolbarProps {
  models: readonly ModelSummary[]
  shown: number
  hasDetail: boolean
  onLeaveSearch: () => void
}

export function ModelsToolbar({ models, shown, hasDetail, onLeaveSearch }: ModelsToolbarProps) {
  const { t, format, host, stores, view } = useWindow()
  const filter = useModels((state) => state.filter)
  const search = useModels((state) => state.search)
  const focus = useView((state) => (state.focus?.target === 'search' ? state.focus.turn : 0))
  const detailShown = useView((state) => state.detailShown)
  const setFilter = (next: Filter): void => stores.models.setState({ filter: next })
  const bytes = models.reduce((sum, model) => sum + model.size_bytes, 0)
  const counts = { all: null, can_run: countFilter(models, 'can_run'), problems: countFilter(models, 'problems') || null }
  const summary =
    shown === models.length ? t.models.summary(models.length, format.disk(bytes)) : t.models.summaryOf(shown, models.length)

  return (
    <Toolbar title={t.models.title} subtitle={models.length === 0 ? null : summary}>
      {models.length === 0 ? null : (
        <>
          <div className="max-wide:hidden">
            <Segmented
              label={t.models.filterLabel}
              value={filter}
              onChange={setFilter}
              choices={FILTERS.map((value) => ({ value, label: t.models.filter[value], count: counts[value] }))}
            />
          </div>
          <div className="wide:hidden">
            <FilterMenu value={filter} onChange={setFilter} />
          </div>
          <SearchField
            label={t.models.search}
            clearLabel={t.models.clearSearch}
            shortcut={shortcutLabel('search', host)}
            value={search}
            onChange={(value) => stores.models.setState({ search: value })}
            onLeave={onLeaveSearch}
            focusTurn={focus}
            onFocused={view.focusDone}
            className="w-[196px] flex-none max-side:w-auto max-side:max-w-[196px] max-side:flex-1"
          />
          {hasDetail ? (
            <IconButton
              label={detailShown ? t.models.hideDetail : t.models.showDetail}
              shortcut={shortcutLabel('detail', host)}
              aria-pressed={detailShown}
              onClick={view.toggleDetail}
              className="max-two:hidden"
            >
              <PanelRight size={16} strokeWidth={1.75} aria-hidden="true" />
            </IconButton>
          ) : null}
        </>
      )}
    </Toolbar>
  )
}
