import { Box, Search, TriangleAlert } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { FailureNote } from '../../app/FailureNote'
import { useEngine, useFirstRun, useModels, useView, useWindow } from '../../app/context'
import { Banner } from '../../components/ui/Banner'
import { Button } from '../../components/ui/Button'
import { Notice } from '../../components/ui/Notice'
import { TWO_COLUMNS, useMedia } from '../../lib/use-media'
import { EngineBanner, useEngineView } from '../engine/EngineBanner'
import { FirstRun } from '../first-run/FirstRun'
import { isFirstRun } from '../first-run/model'
import { ServerBanner } from '../server/ServerBanner'
import { canChat, findAllSelected, findSelected, groupModels, modelKey } from './model'
import { ManyPane } from './ManyPane'
import { ModelDetailPane } from './ModelDetailPane'
import { ModelsToolbar } from './ModelsToolbar'
import { ModelTable } from './ModelTable'

function NothingFound() {
  const { t, stores } = useWindow()
  const search = useModels((state) => state.search)
  return (
    <Notice
      icon={<Search size={28} strokeWidth={1.4} />}
      title={search === '' ? t.models.noFiltered : t.models.noMatch}
      actions={<Button onClick={() => stores.models.setState({ search: '', filter: 'all' })}>{t.models.showAll}</Button>}
    >
      {search === '' ? t.models.noFilteredText : t.models.noMatchText(search)}
    </Notice>
  )
}

/** After the first steps were left: what there is to do now, and the way back to them. */
function NoModels() {
  const { t, view, firstRun } = useWindow()
  return (
    <Notice
      icon={<Box size={28} strokeWidth={1.4} />}
      title={t.firstRun.emptyTitle}
      actions={
        <>
          <Button onClick={() => view.go('discover')}>{t.firstRun.toDiscover}</Button>
          <Button onClick={() => firstRun.leave(false)}>{t.firstRun.continue}</Button>
        </>
      }
    >
      {t.firstRun.emptyText}
    </Notice>
  )
}

/** A cache that is there but cannot be read: a partial list, and why. */
function RootProblem() {
  const { t } = useWindow()
  const root = useModels((state) => state.list?.roots.find((entry) => entry.state === 'unreadable'))
  if (root === undefined) return null
  return (
    <Banner tone="warn" icon={<TriangleAlert size={14} aria-hidden="true" className="text-warn-ink" />}>
      <span dir="auto" className="truncate">
        {t.models.rootUnreadable(root.path, root.reason ?? '')}
      </span>
    </Banner>
  )
}

export function ModelsView() {
  const { t, stores, view, models: actions, openChat } = useWindow()
  const list = useModels((state) => state.list)
  const listError = useModels((state) => state.listError)
  const loaded = useModels((state) => state.loaded)
  const selected = useModels((state) => state.selected)
  const also = useModels((state) => state.also)
  const filter = useModels((state) => state.filter)
  const search = useModels((state) => state.search)
  const sort = useModels((state) => state.sort)
  const detailShown = useView((state) => state.detailShown)
  const detailOpen = useView((state) => state.detailOpen)
  const demoRuns = useEngine((state) => state.flow.step === 'enabling' || state.flow.step === 'waiting')
  const twoColumns = useMedia(TWO_COLUMNS)

  const models = useMemo(() => list?.models ?? [], [list])
  const fits = useModels((state) => state.fits)
  const used = useModels((state) => state.used)
  const groups = useMemo(
    () => groupModels(models, loaded, { filter, search, sort }, { fits, used }),
    [models, loaded, filter, search, sort, fits, used],
  )
  // Details belong to a row: what the filter hides, it hides as a whole. The choice itself stays for when the filter is lifted.
  const chosen = findSelected(models, selected, { filter, search })
  const many = also.length === 0 ? [] : findAllSelected(models, { selected, also }, { filter, search })
  const progress = useFirstRun((state) => state.progress)
  const demo = useEngine((state) => state.demo?.enabled ?? false)
  const engine = useEngineView().kind
  // Whoever was sent here to see one model sees it.
  const leads = list !== null && (demoRuns || (chosen === null && isFirstRun({ progress, models, engine, demo })))
  const isEmpty = leads || (list !== null && models.length === 0)

  const open = useCallback(
    (key: string) => {
      void actions.select(key)
      view.openDetail(true)
      stores.view.setState({ detailShown: true })
    },
    [actions, stores, view],
  )
  const act = useCallback(
    (key: string) => {
      const model = stores.models.getState().list?.models.find((entry) => modelKey(entry) === key)
      if (model !== undefined && canChat(model)) openChat(model.name)
      else open(key)
    },
    [open, openChat, stores],
  )
  const focusList = useCallback(() => document.querySelector<HTMLElement>('#model-list [tabindex="0"]')?.focus(), [])

  const content = () => {
    if (list === null && listError !== null)
      return (
        <div className="p-4">
          <FailureNote error={listError} onRetry={() => void actions.refresh()} />
        </div>
      )
    if (list === null) return null
    if (leads) return <FirstRun roots={list.roots} models={demoRuns ? [] : models} />
    if (isEmpty) return <NoModels />
    return groups.length === 0 ? (
      <NothingFound />
    ) : (
      <ModelTable groups={groups} onOpen={open} onAct={act} openOnSelect={!twoColumns} />
    )
  }

  const instead = !twoColumns && detailOpen && chosen !== null
  return (
    <>
      <ModelsToolbar
        models={isEmpty ? [] : models}
        shown={groups.reduce((sum, group) => sum + group.models.length, 0)}
        hasDetail={!isEmpty}
        onLeaveSearch={focusList}
      />
      <div className="flex min-h-0 flex-1">
        {instead ? null : (
          <div className="@container flex min-w-0 flex-1 flex-col" data-region="list">
            {leads ? null : <EngineBanner />}
            <ServerBanner />
            <RootProblem />
            <div className="min-h-0 flex-1">{content()}</div>
          </div>
        )}
        {instead ? (
          <div className="min-w-0 flex-1">
            <ModelDetailPane model={chosen} onBack={() => view.openDetail(false)} />
          </div>
        ) : null}
        {twoColumns && detailShown && !isEmpty && list !== null ? (
          <aside className="w-(--detail-width) flex-none border-s border-line bg-pane" aria-label={t.common.details}>
            {many.length > 1 ? (
              <ManyPane models={many} />
            ) : chosen === null ? (
              <Notice icon={<Box size={28} strokeWidth={1.4} />} title={t.detail.none}>
                {t.detail.noneText}
              </Notice>
            ) : (
              <ModelDetailPane key={modelKey(chosen)} model={chosen} onBack={null} />
            )}
          </aside>
        ) : null}
      </div>
    </>
  )
}
