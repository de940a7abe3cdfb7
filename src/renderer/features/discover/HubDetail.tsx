import { ArrowLeft, Download, ExternalLink } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Fit, HubModel } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import { useDiscover, useWindow } from '../../app/context'
import { FailureNote } from '../../app/FailureNote'
import { Badge } from '../../components/ui/Badge'
import { Button, IconButton } from '../../components/ui/Button'
import { Checkbox } from '../../components/ui/Checkbox'
import { Meter } from '../../components/ui/Meter'
import { Ring } from '../../components/ui/Ring'
import { needsSignIn, SignInButton } from '../account/SignInButton'
import { termsPage } from '../downloads/model'
import { Facts, Section } from '../models/detail-parts'
import { fitShape } from './FitMark'
import { filesOf, groupFiles, requestFor, type PlanFile } from './selection'
import type { Looked } from './store'
import { useDownload, useIsHere, useIsQueued } from './use-download'

const Markdown = lazy(() => import('../chat/markdown/Markdown'))
const HUB = 'https://huggingface.co/'

const total = (files: readonly PlanFile[], of: 'size_bytes' | 'fetch_bytes'): number =>
  files.reduce((sum, file) => sum + file[of], 0)

function Memory({ fit }: { fit: Fit }) {
  const { t, format } = useWindow()
  const words = t.discover
  const { verdict, needed_bytes: needed, limit_bytes: limit, context_tokens: tokens, reason } = fit
  const sentence = (): string => {
    if (needed === null || verdict === 'cannot_run' || verdict === 'unknown') return reason ?? words.notKnown
    if (verdict === 'runs_short') return words.verdict.runs_short(format.integer(tokens ?? 0), format.memory(needed))
    return words.verdict[verdict](format.memory(needed))
  }
  return (
    <Section title={words.memory} {...(limit === null ? {} : { aside: words.limit(format.memory(limit)) })}>
      {needed === null || limit === null ? null : (
        <Meter
          kind="level"
          value={needed / limit}
          tone={verdict === 'too_large' ? 'bad' : verdict === 'runs_short' ? 'warn' : 'normal'}
          label={words.memory}
        />
      )}
      <p className="grid grid-cols-[14px_minmax(0,1fr)] gap-1.5 text-12" dir="auto">
        {fitShape(verdict)}
        <span>{sentence()}</span>
      </p>
    </Section>
  )
}

function FileList({ files, chosen }: { files: readonly PlanFile[]; chosen: ReadonlySet<string> }) {
  const { t, format, discover } = useWindow()
  const picked = files.filter(({ path }) => chosen.has(path))
  return (
    <Section
      title={t.discover.files}
      aside={t.discover.filesOf(
        format.integer(picked.length),
        format.integer(files.length),
        format.disk(total(picked, 'size_bytes')),
      )}
    >
      <ul className="-my-0.5 max-h-64 overflow-y-auto">
        {groupFiles(files).map(({ label, files: members }) => {
          const paths = members.map(({ path }) => path)
          const count = paths.filter((path) => chosen.has(path)).length
          return (
            <li key={label} className="flex h-[25px] items-center gap-2 px-0.5 text-12">
              <Checkbox
                label={label}
                checked={count === paths.length}
                mixed={count > 0 && count < paths.length}
                onChange={(wanted) => discover.choose(paths, wanted)}
              />
              <span dir="auto" className="mono min-w-0 truncate" title={label}>
                {label}
              </span>
              {paths.length === 1 ? null : <span className="flex-none text-ink-3">{t.discover.several(paths.length)}</span>}
              <span className="num ms-auto flex-none text-ink-2">{format.fileSize(total(members, 'size_bytes'))}</span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function Card({ looked }: { looked: Looked }) {
  const { t } = useWindow()
  const [open, setOpen] = useState(false)
  const { card, cardError } = looked
  const content = () => {
    if (cardError !== null) return <FailureNote error={cardError} withAction={false} />
    if (card === null) return <Ring />
    if (card.text === null || card.text.trim() === '') return <p className="text-12 text-ink-2">{t.discover.noCard}</p>
    return (
      <>
        <div
          className={
            open ? 'text-12' : 'relative max-h-40 overflow-hidden text-12 [mask-image:linear-gradient(black_60%,transparent)]'
          }
          inert={!open}
        >
          <Suspense fallback={<Ring />}>
            <Markdown text={card.text} />
          </Suspense>
        </div>
        {open && card.truncated ? <p className="text-12 text-ink-3">{t.discover.cardCut}</p> : null}
        <Button size="s" className="justify-self-start" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t.discover.closeCard : t.discover.readCard}
        </Button>
      </>
    )
  }
  return <Section title={t.discover.card}>{content()}</Section>
}

/** Why nothing can be fetched. Of a gated model the list of files is public, and the first file says it. */
function refusalOf({ planError, cardError }: Looked): SerializedError | null {
  return planError ?? (cardError?.code === 'access_denied' ? cardError : null)
}

/** The one filled button, with what it costs, and why it may not be possible. */
function Get({
  model,
  looked,
  files,
  chosen,
}: {
  model: HubModel
  looked: Looked
  files: readonly PlanFile[]
  chosen: ReadonlySet<string>
}) {
  const { t, format, view, discover } = useWindow()
  const words = t.discover
  const download = useDownload()
  const isQueued = useIsQueued(model.name)
  const { plan } = looked
  const planError = refusalOf(looked)
  if (planError !== null) {
    const page = termsPage({ error: planError })
    return (
      <div className="grid gap-2">
        <FailureNote error={planError} withAction={false} />
        <div className="flex gap-2">
          {needsSignIn(planError) ? <SignInButton /> : null}
          {page === null ? null : <Button onClick={() => window.open(page, '_blank', 'noopener')}>{words.openPage}</Button>}
          <Button onClick={() => discover.select(model.name)}>{t.common.tryAgain}</Button>
        </div>
      </div>
    )
  }
  if (plan === null)
    return (
      <p role="status" className="flex items-center gap-2 text-12 text-ink-2">
        <Ring />
        {words.asking}
      </p>
    )
  const picked = files.filter(({ path }) => chosen.has(path))
  const fetch = looked.chosen === null ? plan.fetch_bytes : total(picked, 'fetch_bytes')
  const have = (looked.chosen === null ? plan.total_bytes : total(picked, 'size_bytes')) - fetch
  const free = plan.free_bytes
  const fits = looked.chosen === null ? plan.fits_disk : free === null || fetch <= free
  const off = picked.length === 0 ? words.nothingChosen : requestFor(files, chosen) === null ? words.tooMany : false
  return (
    <>
      <div className="flex items-center gap-2">
        {isQueued ? (
          <Button size="l" onClick={() => view.go('downloads')}>
            {words.queued}
          </Button>
        ) : (
          <Button
            kind="primary"
            size="l"
            icon={<Download size={14} aria-hidden="true" />}
            off={fits ? off : words.noRoom(format.disk(fetch), format.disk(free ?? 0))}
            onClick={() => download(model.name)}
          >
            {words.downloadSize(format.disk(fetch))}
          </Button>
        )}
        <IconButton label={words.page} kind="plain" onClick={() => window.open(HUB + model.name, '_blank', 'noopener')}>
          <ExternalLink size={14} aria-hidden="true" />
        </IconButton>
      </div>
      <p className={fits ? 'text-12 text-ink-2' : 'text-12 text-bad-ink'}>
        {fits
          ? [have > 0 ? words.have(format.disk(have)) : '', free === null ? '' : words.free(format.disk(free))]
              .filter(Boolean)
              .join(' ')
          : words.noRoom(format.disk(fetch), format.disk(free ?? 0))}
      </p>
    </>
  )
}

function Head({ model, onBack }: { model: HubModel; onBack: (() => void) | null }) {
  const { t } = useWindow()
  const isHere = useIsHere(model)
  const [owner = '', ...rest] = model.name.split('/')
  return (
    <>
      {onBack === null ? null : (
        <Button
          size="s"
          kind="ghost"
          className="-ms-2 justify-self-start"
          icon={<ArrowLeft size={14} aria-hidden="true" />}
          onClick={onBack}
        >
          {t.common.back}
        </Button>
      )}
      <div>
        <h2 dir="auto" className="text text-15 font-semibold tracking-[-0.01em] [overflow-wrap:anywhere]">
          {rest.join('/') || model.name}
        </h2>
        <div className="mt-1 flex items-center gap-2 text-12 text-ink-3">
          <span dir="auto" className="truncate">
            {owner}
          </span>
          {model.hash === null ? null : <span className="mono text">{model.hash.slice(0, 7)}</span>}
          <span className="flex-1" />
          {model.gated === null ? null : <Badge tone="warn">{t.discover.gated}</Badge>}
          {isHere ? <Badge>{t.discover.cached}</Badge> : null}
        </div>
      </div>
    </>
  )
}

function ModelFacts({ model }: { model: HubModel }) {
  const { t, format } = useWindow()
  const words = t.discover
  const { quantization, parameters, context } = model
  // Whose files could not be read may well be quantized.
  const unquantized = model.framework === null ? null : words.notQuantized
  return (
    <Section title={words.facts}>
      <Facts
        facts={[
          { name: words.parameters, value: parameters === null ? null : format.shortCount(parameters) },
          {
            name: words.quantization,
            value: quantization === null ? unquantized : words.group(quantization.bits, quantization.group_size),
          },
          { name: words.contextName, value: context === null ? null : words.tokens(format.integer(context.tokens)) },
          { name: words.licence, value: model.license },
          { name: words.base, value: model.base_models.length === 0 ? null : model.base_models.join(', ') },
          { name: words.changed, value: model.last_modified === null ? null : format.dateTime(model.last_modified) },
        ]}
      />
    </Section>
  )
}

/** What a model of the Hub is, what it takes, what is fetched of it, and what its card says. */
export function HubDetail({ model, onBack }: { model: HubModel; onBack: (() => void) | null }) {
  const { t } = useWindow()
  const looked = useDiscover((state) => (state.looked?.name === model.name ? state.looked : null))
  const files = looked?.plan == null ? [] : filesOf(looked.plan)
  const chosen = looked?.chosen ?? new Set(files.filter(({ usual }) => usual).map(({ path }) => path))
  const isRefused = looked !== null && refusalOf(looked) !== null
  return (
    <section
      aria-label={t.discover.details(model.name)}
      data-region="detail"
      className="flex h-full flex-col overflow-y-auto bg-pane"
    >
      <header className="grid gap-2.5 px-4 pt-3.5 pb-3">
        <Head model={model} onBack={onBack} />
        {looked === null ? null : <Get model={model} looked={looked} files={files} chosen={chosen} />}
        {model.gated !== null && looked?.plan != null && !isRefused ? (
          <p className="text-12 text-ink-2">{t.discover.gatedText}</p>
        ) : null}
      </header>
      <Memory fit={looked?.plan?.fit ?? model.fit} />
      <ModelFacts model={model} />
      {files.length === 0 || isRefused ? null : <FileList files={files} chosen={chosen} />}
      {looked === null || model.hash === null || isRefused ? null : <Card looked={looked} />}
    </section>
  )
}
