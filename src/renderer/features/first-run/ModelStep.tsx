import { CircleCheck, Download as DownloadIcon, MessageCircle, Search } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Download, HubModel, ModelSummary } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useDownloads, useEngine, useFirstRun, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { fractionOf, hasEnded } from '../downloads/model'
import { rowWords } from '../downloads/row-words'
import { canChat, splitOwner } from '../models/model'
import { Step } from './Step'

function Choice({ name, text, children }: { name: string; text: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-3 bg-window px-3.5 py-2.5 shadow-[inset_0_0_0_1px_var(--k-line-2)]">
      <span className="grid min-w-52 flex-1 gap-px">
        <span dir="auto" className="text-13 font-medium [overflow-wrap:anywhere] text-ink">
          {name}
        </span>
        <span className="num text-pretty">{text}</span>
      </span>
      {children}
    </div>
  )
}

/** The one model that is recommended, and why it. */
function Offer({ model }: { model: HubModel }) {
  const { t, format, firstRun } = useWindow()
  const { context_tokens: tokens, verdict } = model.fit
  const words = verdict === 'runs' ? t.firstRun.fits : t.discover.upTo
  const fits = tokens === null ? t.discover.fit[verdict] : words(format.tokens(tokens))
  return (
    <Choice name={splitOwner(model.name).short} text={fits}>
      <Button kind="primary" icon={<DownloadIcon size={14} aria-hidden="true" />} onClick={() => void firstRun.fetch(model.name)}>
        {t.discover.downloadSize(format.disk(model.size_bytes ?? 0))}
      </Button>
    </Choice>
  )
}

function Fetching({ download }: { download: Download }) {
  const { t, format, view } = useWindow()
  const { line, beside } = rowWords(download, { t, format, isNext: true })
  const name = splitOwner(download.model).short
  return (
    <Choice name={name} text={[line, beside].filter(Boolean).join(' · ')}>
      <Button onClick={() => view.go('downloads')}>{t.firstRun.showDownload}</Button>
      <Meter value={fractionOf(download)} label={t.firstRun.fetching(name)} className="w-full" />
    </Choice>
  )
}

function Here({ model, isReady }: { model: ModelSummary; isReady: boolean }) {
  const { t, firstRun, openChat } = useWindow()
  const name = splitOwner(model.name).short
  return (
    <Choice name={t.firstRun.startWith(name)} text={t.firstRun.isHere}>
      <Button
        kind="primary"
        icon={<MessageCircle size={14} aria-hidden="true" />}
        off={isReady ? false : t.firstRun.needsEngine}
        onClick={() => {
          firstRun.leave(true)
          openChat(model.name)
        }}
      >
        {t.firstRun.chat}
      </Button>
    </Choice>
  )
}

/** A small one that is well answers soonest: the one that was fetched here, else the smallest. */
function firstToTry(models: readonly ModelSummary[], wanted: string | null): ModelSummary | null {
  const usable = models.filter(canChat)
  const own = usable.find(({ name }) => name === wanted)
  return (
    own ??
    usable.reduce<ModelSummary | null>((best, model) => (best === null || model.size_bytes < best.size_bytes ? model : best), null)
  )
}

function Recommendation() {
  const { t, firstRun } = useWindow()
  const { offer, search, error, progress } = useFirstRun((state) => state)
  const download = useDownloads((state) => state.downloads?.find(({ model }) => model === progress.wanted) ?? null)
  if (download !== null && (!hasEnded(download) || download.state === 'failed')) return <Fetching download={download} />
  if (download?.state === 'done') return null
  if (offer !== null) return <Offer model={offer} />
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Button icon={<Search size={14} aria-hidden="true" />} busy={search === 'busy'} onClick={() => void firstRun.find()}>
          {search === 'busy' ? t.firstRun.finding : t.firstRun.find}
        </Button>
        <span>{search === 'nothing' ? t.firstRun.nothingFits : t.firstRun.findText}</span>
      </div>
      {error === null ? null : <FailureNote error={error} withAction={false} />}
    </>
  )
}

export function ModelStep({ models, isReady }: { models: readonly ModelSummary[]; isReady: boolean }) {
  const { t, format, engine, firstRun } = useWindow()
  const flow = useEngine((state) => state.flow)
  const memory = useFirstRun((state) => state.memoryBytes)
  const { skipped, wanted } = useFirstRun((state) => state.progress)
  const words = t.firstRun
  const here = firstToTry(models, wanted)
  const busy = flow.step === 'enabling' || flow.step === 'waiting'
  if (skipped.model)
    return (
      <Step
        mark="skipped"
        title={words.modelStep}
        action={
          <Button
            kind="ghost"
            size="s"
            className="-me-[9px]"
            aria-label={words.resumeOf(words.modelStep)}
            onClick={() => firstRun.skip('model', false)}
          >
            {words.resume}
          </Button>
        }
      />
    )
  return (
    <Step
      mark={here !== null || flow.step === 'waiting' ? 'done' : 3}
      title={here === null ? words.modelStep : words.modelHere}
      action={
        <>
          {memory === null ? null : <span className="num">{words.memory(format.memory(memory))}</span>}
          <Button
            kind="ghost"
            size="s"
            className="-me-[9px]"
            aria-label={words.skipOf(words.modelStep)}
            onClick={() => firstRun.skip('model', true)}
          >
            {words.skip}
          </Button>
        </>
      }
    >
      {here === null ? null : <Here model={here} isReady={isReady} />}
      <Recommendation />
      {flow.step === 'failed' ? <FailureNote error={flow.error} /> : null}
      <div className="mt-1.5 flex flex-wrap items-center gap-3">
        <Button icon={<MessageCircle size={14} aria-hidden="true" />} busy={busy} onClick={() => void engine.tryDemo()}>
          {busy ? words.demoSetUp : words.demo}
        </Button>
        {flow.step === 'waiting' ? (
          <span className="flex items-center gap-1.5">
            <CircleCheck size={14} aria-hidden="true" className="text-ok-ink" />
            {words.demoWaits}
          </span>
        ) : null}
      </div>
      <p className="text-ink-3">{words.modelText}</p>
    </Step>
  )
}
