import { CircleAlert, TriangleAlert } from 'lucide-react'
import { useEngine, useWindow } from '../../app/context'
import { Banner } from '../../components/ui/Banner'
import { Button } from '../../components/ui/Button'
import { Meter } from '../../components/ui/Meter'
import { Ring } from '../../components/ui/Ring'
import { engineView, type EngineView } from './model'

export function useEngineView(): EngineView {
  const engine = useEngine((state) => state.engine)
  const jobs = useEngine((state) => state.jobs)
  return engineView(engine, jobs)
}

/** What is done now, in words: the step of the installation, and how far it is. */
export function InstallBar({ view }: { view: Extract<EngineView, { kind: 'installing' }> }) {
  const { t, format } = useWindow()
  const { progress } = view
  const fraction = progress?.fraction ?? null
  return (
    <Meter
      value={fraction}
      label={fraction === null ? t.engine.installing : t.engine.progress(format.percent(fraction))}
      className="w-full"
    />
  )
}

function Installing({ view }: { view: Extract<EngineView, { kind: 'installing' }> }) {
  const { t, format, engine } = useWindow()
  const { jobId, progress } = view
  return (
    <Banner
      icon={<Ring />}
      actions={
        jobId === null ? undefined : (
          <Button size="s" kind="ghost" aria-label={t.engine.cancelInstall} onClick={() => void engine.cancel(jobId)}>
            {t.common.cancel}
          </Button>
        )
      }
    >
      <span className="flex-none">
        <strong className="font-medium">{t.engine.installing}</strong>
        <span className="text-ink-2 max-wide:hidden">{progress === null ? null : ` · ${t.engine.step[progress.step]}`}</span>
      </span>
      <span className="w-full min-w-12">
        <InstallBar view={view} />
      </span>
      <span aria-hidden="true" className="num w-9 flex-none text-end text-ink-2">
        {progress?.fraction == null ? null : format.percent(progress.fraction)}
      </span>
    </Banner>
  )
}

/** One line about the engine at the top of a view; nothing while it is ready. */
export function EngineBanner() {
  const { t, engine } = useWindow()
  const view = useEngineView()
  const error = useEngine((state) => state.error)
  const action = (label: string) => (
    <Button size="s" onClick={() => void engine.install()}>
      {label}
    </Button>
  )
  const alertIcon = <TriangleAlert size={14} aria-hidden="true" className="text-warn-ink" />
  const says = (title: string, text: string | null) => (
    <span className="min-w-0 truncate" title={text ?? title}>
      <strong className="font-medium">{title}.</strong> {text}
    </span>
  )
  if (view.kind === 'unknown' || view.kind === 'ready') return null
  if (view.kind === 'installing') return <Installing view={view} />
  if (view.kind === 'failed')
    return (
      <Banner
        tone="bad"
        alert
        icon={<TriangleAlert size={14} aria-hidden="true" className="text-bad-ink" />}
        actions={action(t.common.tryAgain)}
      >
        {says(t.engine.failedTitle, [view.error?.message, view.error?.hint].filter(Boolean).join(' '))}
      </Banner>
    )
  if (view.kind === 'broken')
    return (
      <Banner tone="warn" icon={alertIcon} actions={action(t.engine.reinstall)}>
        {says(t.engine.brokenTitle, error?.message ?? view.reason)}
      </Banner>
    )
  return (
    <Banner
      tone={error === null ? 'accent' : 'bad'}
      icon={<CircleAlert size={14} aria-hidden="true" className="text-accent-ink" />}
      actions={action(t.engine.install)}
    >
      {says(t.engine.missingTitle, error?.message ?? t.engine.missingText)}
    </Banner>
  )
}
