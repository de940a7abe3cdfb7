import { CircleCheck } from 'lucide-react'
import type { LoadedModel, ModelDetail, ModelSummary } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useModels, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { CopyButton } from '../../components/ui/CopyButton'
import { Meter } from '../../components/ui/Meter'
import { cx } from '../../lib/cx'
import { asFailure } from '../../lib/serialized'
import { useNow } from '../../lib/use-now'
import { CheckNote } from './CheckNote'
import { Facts, Section } from './detail-parts'
import { HealthMark } from './HealthMark'
import { isLoading, loadWord } from './load-words'
import { MemoryPane } from './MemoryPane'
import { canRepair, healthState, quantName } from './model'
import { UpdateNote } from './UpdateNote'

/** Every finding in a sentence of its own, in one coloured box. */
function Problems({ model }: { model: ModelSummary }) {
  const { t, care } = useWindow()
  const state = healthState(model)
  if (state === 'healthy') return null
  const messages = model.findings.length > 0 ? model.findings.map(t.models.finding) : [model.reason].filter((text) => text !== null)
  const title =
    state === 'unhealthy'
      ? t.detail.problems(Math.max(1, messages.length))
      : state === 'repair'
        ? t.detail.repair
        : t.detail.cannotRun
  const tone = state === 'unhealthy' ? 'bg-bad-soft' : state === 'repair' ? 'bg-warn-soft' : 'bg-field'
  return (
    <div className={cx('mx-4 mb-3 grid gap-2 rounded-3 px-3 py-2.5 text-12 leading-[17px]', tone)}>
      <h3 className="flex items-center gap-2 font-semibold">
        <HealthMark state={state} withWord={false} />
        {title}
      </h3>
      <ol className="text grid gap-1.5">
        {messages.map((message, index) => (
          <li key={`${index} ${message}`} className={cx('grid', messages.length > 1 && 'grid-cols-[16px_1fr] gap-1.5')}>
            {messages.length > 1 ? <span className="num text-ink-2">{index + 1}</span> : null}
            <span dir="auto" className="[overflow-wrap:anywhere]">
              {message}
            </span>
          </li>
        ))}
      </ol>
      {canRepair(model) && state !== 'unhealthy' ? (
        <Button size="s" className="justify-self-start" onClick={() => void care.askRepair(model.name)}>
          {t.care.repair}
        </Button>
      ) : null}
    </div>
  )
}

function Engine({ loaded }: { loaded: LoadedModel }) {
  const { t, format } = useWindow()
  const now = useNow()
  if (isLoading(loaded))
    return (
      <Section title={loadWord(loaded, t, format)}>
        <Meter value={loaded.progress} label={loadWord(loaded, t, format)} />
      </Section>
    )
  return (
    <Section title={t.detail.loadedTitle} aside={loaded.in_flight > 0 ? t.server.answering(loaded.in_flight) : undefined}>
      <Facts
        facts={[
          { name: t.detail.memory, value: loaded.memory_bytes === null ? null : format.memory(loaded.memory_bytes) },
          { name: t.detail.inUse, value: t.detail.tokens(format.integer(loaded.context_length)) },
          {
            name: t.models.loaded,
            value: loaded.loaded_at === null ? null : format.ago(loaded.loaded_at, now),
            ...(loaded.loaded_at === null ? {} : { title: format.dateTime(loaded.loaded_at) }),
          },
          { name: t.detail.lastUsed, value: loaded.last_used_at === null ? null : format.ago(loaded.last_used_at, now) },
          { name: t.care.pin, value: loaded.pinned ? t.care.pinned : null },
          { name: t.detail.process, value: loaded.pid },
        ]}
      />
    </Section>
  )
}

interface DetailOverviewProps {
  model: ModelSummary
  loaded: LoadedModel | null
  detail: ModelDetail | null
}

export function DetailOverview({ model, loaded, detail }: DetailOverviewProps) {
  const { t, format, models } = useWindow()
  const loadError = useModels((state) => state.loadErrors[model.name]) ?? null
  const crashed = useModels((state) => state.loaded.find((entry) => entry.name === model.name && entry.state === 'crashed'))
  const used = useModels((state) => state.used[model.name])
  const error = loadError ?? asFailure(crashed?.error ?? null)
  const { quantization, context } = model
  const tokens = format.integer(context.tokens)
  return (
    <>
      <CheckNote name={model.name} />
      <UpdateNote name={model.name} />
      <Problems model={model} />
      {error === null || loaded !== null ? null : (
        <div className="px-4 pb-3">
          <FailureNote error={error} onRetry={() => void models.load(model.name)} />
        </div>
      )}
      {loaded === null ? null : <Engine loaded={loaded} />}
      {model.memory.weights_bytes === 0 ? null : <MemoryPane key={model.hash} model={model} />}
      <Section title={t.detail.facts}>
        <Facts
          facts={[
            {
              name: t.detail.health,
              value:
                healthState(model) === 'healthy' ? (
                  <span className="inline-flex items-center gap-1.5">
                    <CircleCheck size={12} aria-hidden="true" className="text-ok-ink" />
                    {t.models.state.healthy}
                  </span>
                ) : (
                  t.models.state[healthState(model)]
                ),
            },
            {
              name: t.detail.quantization,
              value:
                quantization === null
                  ? t.detail.notQuantized(quantName(model))
                  : t.detail.bits(quantization.bits, quantization.group_size),
            },
            {
              name: t.detail.context,
              value: context.source === 'unknown' ? t.detail.contextUnknown(tokens) : t.detail.tokens(tokens),
            },
            { name: t.models.parameters, value: model.parameters === null ? null : format.count(model.parameters) },
            { name: t.detail.architecture, value: model.architecture, mono: true },
            { name: t.detail.framework, value: model.framework },
            { name: t.detail.onDisk, value: format.disk(model.size_bytes), title: `${format.integer(model.size_bytes)} B` },
            { name: t.models.license, value: model.license },
            { name: t.models.column.used, value: used === undefined ? null : format.dateTime(used) },
            { name: t.detail.changed, value: format.dateTime(model.last_modified), title: model.last_modified },
            { name: t.detail.cache, value: t.detail.cacheKind[model.root.kind], title: model.root.path },
            {
              name: t.detail.folder,
              value:
                detail?.snapshot_path == null ? null : (
                  <span className="flex items-center gap-1">
                    <span className="mono truncate" title={detail.snapshot_path}>
                      {detail.snapshot_path}
                    </span>
                    <CopyButton
                      text={detail.snapshot_path}
                      label={t.detail.copyPath}
                      copiedLabel={t.common.copied}
                      className="-my-1"
                    />
                  </span>
                ),
            },
          ]}
        />
      </Section>
    </>
  )
}
