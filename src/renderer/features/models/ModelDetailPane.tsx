import { ChevronLeft } from 'lucide-react'
import { useState } from 'react'
import type { ModelSummary } from '../../../shared/contract'
import { toVisible } from '../../../shared/text/visible'
import { FailureNote } from '../../app/FailureNote'
import { useModels, useWindow } from '../../app/context'
import { Badge } from '../../components/ui/Badge'
import { Button } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { Segmented } from '../../components/ui/Segmented'
import { DetailConfig, DetailFiles, DetailRevisions } from './DetailFiles'
import { DetailOverview } from './DetailOverview'
import { canChat, findLoaded, modelKey, shownCapabilities, splitOwner } from './model'
import { ModelActions } from './ModelActions'

type Tab = 'overview' | 'files' | 'revisions' | 'config'

function Title({ model }: { model: ModelSummary }) {
  const { t } = useWindow()
  const { short } = splitOwner(model.name)
  const owner = toVisible(model.name.slice(0, Math.max(0, model.name.indexOf('/'))))
  return (
    <>
      <h2 dir="auto" className="text text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">
        {short}
      </h2>
      <div className="flex min-h-[18px] items-center gap-1 text-12 text-ink-3">
        <span className="truncate">{owner}</span>
        {model.hash === null ? null : (
          <>
            <span aria-hidden="true">·</span>
            <span className="mono">{model.hash.slice(0, 7)}</span>
            <CopyButton
              text={`${model.name}@${model.hash}`}
              label={t.detail.copyHash}
              copiedLabel={t.common.copied}
              className="-my-1"
            />
          </>
        )}
        <span className="ms-auto flex gap-1.5 ps-2">
          {canChat(model) ? <Badge>{t.detail.chat}</Badge> : null}
          {shownCapabilities(model).map((name) => (
            <Badge key={name}>{t.models.capability[name]}</Badge>
          ))}
        </span>
      </div>
    </>
  )
}

/** Everything about the selected model, with what can be done to it. */
export function ModelDetailPane({ model, onBack }: { model: ModelSummary; onBack: (() => void) | null }) {
  const { t } = useWindow()
  const [tab, setTab] = useState<Tab>('overview')
  const loaded = useModels((state) => findLoaded(state.loaded, model.name))
  const key = modelKey(model)
  const shown = useModels((state) => (state.detail?.key === key ? state.detail : null))
  const detail = shown?.data ?? null

  return (
    <section aria-label={t.detail.label(model.name)} className="flex h-full min-h-0 flex-col bg-pane" data-region="detail">
      <header className="grid flex-none gap-2 px-4 pt-3.5 pb-3">
        {onBack === null ? null : (
          <Button
            kind="ghost"
            size="s"
            icon={<ChevronLeft size={14} aria-hidden="true" />}
            onClick={onBack}
            className="-ms-2 justify-self-start"
          >
            {t.sections.models}
          </Button>
        )}
        <Title model={model} />
        <ModelActions model={model} loaded={loaded} />
        <Segmented
          label={t.detail.label(model.name)}
          fill
          value={tab}
          onChange={setTab}
          choices={[
            { value: 'overview', label: t.detail.tab.overview },
            { value: 'files', label: t.detail.tab.files, count: detail?.files.length ?? null },
            { value: 'revisions', label: t.detail.tab.revisions, count: detail?.revisions.length ?? null },
            { value: 'config', label: t.detail.tab.config },
          ]}
        />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {shown?.error == null || tab === 'overview' ? null : (
          <div className="px-4 pb-3">
            <FailureNote error={shown.error} />
          </div>
        )}
        {tab === 'overview' ? <DetailOverview model={model} loaded={loaded} detail={detail} /> : null}
        {tab === 'files' && detail !== null ? <DetailFiles detail={detail} /> : null}
        {tab === 'revisions' && detail !== null ? <DetailRevisions detail={detail} /> : null}
        {tab === 'config' && detail !== null ? <DetailConfig detail={detail} /> : null}
      </div>
    </section>
  )
}
