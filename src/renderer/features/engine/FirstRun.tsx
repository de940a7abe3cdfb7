import { Check, CircleCheck, Download, MessageCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import type { CacheRootState } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useEngine, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Logo } from '../../components/ui/Logo'
import { Ring } from '../../components/ui/Ring'
import { cx } from '../../lib/cx'
import { InstallBar, useEngineView } from './EngineBanner'
import type { EngineView } from './model'

type Mark = 'done' | 'running' | number

function Step({ mark, title, action, children }: { mark: Mark; title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className="grid grid-cols-[24px_minmax(0,1fr)_auto] gap-x-3 gap-y-0.5 px-[18px] py-4 [&+&]:border-t [&+&]:border-line">
      {mark === 'running' ? (
        <Ring size={20} />
      ) : (
        <span
          aria-hidden="true"
          className={cx(
            'num grid size-5 place-items-center rounded-full text-11 font-semibold',
            mark === 'done' ? 'bg-ok-soft text-ok-ink' : 'text-ink-2 shadow-[inset_0_0_0_1.5px_var(--k-edge)]',
          )}
        >
          {mark === 'done' ? <Check size={12} strokeWidth={2.1} /> : mark}
        </span>
      )}
      <h2 className="leading-5 font-semibold">{title}</h2>
      <div className="-my-0.5">{action}</div>
      <div className="col-start-2 col-end-4 mt-1.5 grid gap-1.5 text-12 text-ink-2">{children}</div>
    </section>
  )
}

function EngineStep({ view }: { view: EngineView }) {
  const { t, format, stores, engine } = useWindow()
  const startError = useEngine((state) => state.error)
  const versions = stores.engine.getState().engine?.versions ?? null
  if (view.kind === 'ready')
    return (
      <Step mark="done" title={t.engine.ready}>
        {versions === null ? t.engine.about : t.engine.versions(versions.mlx_lm, versions.python)}
      </Step>
    )
  if (view.kind === 'installing') {
    const { jobId, progress } = view
    return (
      <Step
        mark="running"
        title={t.engine.installing}
        action={
          jobId === null ? undefined : (
            <Button
              kind="ghost"
              size="s"
              className="-me-[9px]"
              aria-label={t.engine.cancelInstall}
              onClick={() => void engine.cancel(jobId)}
            >
              {t.common.cancel}
            </Button>
          )
        }
      >
        <div className="mt-1">
          <InstallBar view={view} />
        </div>
        <p className="num flex justify-between gap-3">
          <span className="truncate">
            {progress === null ? t.engine.starting : t.engine.step[progress.step]}
            {progress?.step === 'install_packages' ? <span className="text-ink-3"> · {progress.message}</span> : null}
          </span>
          <span>{progress?.fraction == null ? null : format.percent(progress.fraction)}</span>
        </p>
        <p className="text-ink-3">{t.engine.about}</p>
      </Step>
    )
  }
  const failure = view.kind === 'failed' ? view.error : startError
  return (
    <Step
      mark={1}
      title={view.kind === 'broken' ? t.engine.brokenTitle : t.firstRun.engineStep}
      action={
        <Button size="s" icon={<Download size={14} aria-hidden="true" />} onClick={() => void engine.install()}>
          {view.kind === 'missing' || view.kind === 'unknown' ? t.engine.install : t.engine.reinstall}
        </Button>
      }
    >
      <p>{view.kind === 'broken' ? view.reason : t.engine.about}</p>
      {failure === null ? null : <FailureNote error={failure} withAction={false} />}
    </Step>
  )
}

function ModelStep({ number, roots }: { number: number; roots: readonly CacheRootState[] }) {
  const { t, engine } = useWindow()
  const flow = useEngine((state) => state.flow)
  const cache = roots.find((root) => root.kind === 'primary')
  const busy = flow.step === 'enabling' || flow.step === 'waiting'
  return (
    <Step mark={flow.step === 'waiting' ? 'done' : number} title={t.firstRun.modelStep}>
      <p>{t.firstRun.modelText}</p>
      {flow.step === 'failed' ? <FailureNote error={flow.error} /> : null}
      <div className="my-1.5 flex flex-wrap items-center gap-3">
        <Button
          kind="primary"
          size="l"
          icon={<MessageCircle size={14} aria-hidden="true" />}
          busy={busy}
          onClick={() => void engine.tryDemo()}
        >
          {busy ? t.firstRun.demoSetUp : t.firstRun.demo}
        </Button>
        {flow.step === 'waiting' ? (
          <span className="flex items-center gap-1.5">
            <CircleCheck size={14} aria-hidden="true" className="text-ok-ink" />
            {t.firstRun.demoWaits}
          </span>
        ) : null}
      </div>
      {cache === undefined ? null : (
        <p className="text-ink-3">
          {t.firstRun.cacheText}{' '}
          <span dir="auto" className="mono text [overflow-wrap:anywhere] text-ink-2">
            {cache.path}
          </span>
          {cache.state === 'missing' ? ` (${t.firstRun.cacheMissing})` : null}
        </p>
      )}
    </Step>
  )
}

/** What Models shows while there is no model: the two steps to a first answer, and one button that does both. */
export function FirstRun({ roots }: { roots: readonly CacheRootState[] }) {
  const { t } = useWindow()
  const view = useEngineView()
  const ready = view.kind === 'ready'
  return (
    <div className="h-full overflow-y-auto bg-pane">
      <div className="mx-auto grid min-h-full max-w-[688px] content-center gap-5 px-6 py-8">
        <div className="flex items-center gap-4">
          <Logo />
          <div>
            <h2 className="text-20 font-semibold tracking-[-0.015em]">{t.firstRun.nearly}</h2>
            <p className="text-ink-2">{ready ? t.firstRun.oneStep : t.firstRun.steps}</p>
          </div>
        </div>
        <div className="overflow-hidden rounded-4 bg-window shadow-[inset_0_0_0_1px_var(--k-line),var(--k-shadow-1)]">
          <EngineStep view={view} />
          <ModelStep number={2} roots={roots} />
        </div>
      </div>
    </div>
  )
}
