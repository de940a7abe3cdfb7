import { Download } from 'lucide-react'
import { FailureNote } from '../../app/FailureNote'
import { useEngine, useFirstRun, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { InstallBar } from '../engine/EngineBanner'
import type { EngineView } from '../engine/model'
import { Step } from './Step'

/** What runs the models: missing, on its way with its progress, or there. */
export function EngineStep({ view }: { view: EngineView }) {
  const { t, format, stores, engine, firstRun } = useWindow()
  const isSkipped = useFirstRun((state) => state.progress.skipped.engine)
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
  if (isSkipped)
    return (
      <Step
        mark="skipped"
        title={t.firstRun.engineStep}
        action={
          <Button
            kind="ghost"
            size="s"
            className="-me-[9px]"
            aria-label={t.firstRun.resumeOf(t.firstRun.engineStep)}
            onClick={() => firstRun.skip('engine', false)}
          >
            {t.firstRun.resume}
          </Button>
        }
      >
        {t.firstRun.skippedEngine}
      </Step>
    )
  const failure = view.kind === 'failed' ? view.error : startError
  return (
    <Step
      mark={2}
      title={view.kind === 'broken' ? t.engine.brokenTitle : t.firstRun.engineStep}
      action={
        <>
          <Button
            kind="ghost"
            size="s"
            aria-label={t.firstRun.skipOf(t.firstRun.engineStep)}
            onClick={() => firstRun.skip('engine', true)}
          >
            {t.firstRun.skip}
          </Button>
          <Button
            size="s"
            icon={<Download size={14} aria-hidden="true" />}
            onClick={() => {
              firstRun.begin()
              void engine.install()
            }}
          >
            {view.kind === 'missing' || view.kind === 'unknown' ? t.engine.install : t.engine.reinstall}
          </Button>
        </>
      }
    >
      <p>{view.kind === 'broken' ? view.reason : t.engine.about}</p>
      {failure === null ? null : <FailureNote error={failure} withAction={false} />}
    </Step>
  )
}
