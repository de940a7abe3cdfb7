import { CircleArrowUp, Download, Undo2 } from 'lucide-react'
import type { EngineStatus } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useEngine, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { asFailure } from '../../lib/serialized'
import { InstallBar, useEngineView } from '../engine/EngineBanner'
import { newestInstall } from '../engine/model'
import { Facts } from '../models/detail-parts'
import { Card } from './Card'
import { Item } from './Item'

function Actions({ engine, busy }: { engine: EngineStatus; busy: boolean }) {
  const { t, engine: actions } = useWindow()
  const words = t.settings
  const { previous } = engine
  const state = engine.update_available ? words.updateReady : engine.state === 'ready' && !busy ? words.updated : null
  return (
    <>
      {state === null ? null : <p className="text-12 text-ink-2">{state}</p>}
      <div className="flex flex-wrap gap-2">
        {engine.update_available ? (
          <Button
            kind="primary"
            busy={busy}
            icon={<CircleArrowUp size={14} aria-hidden="true" />}
            onClick={() => void actions.run('engine.update')}
          >
            {words.update}
          </Button>
        ) : null}
        {previous === null ? null : (
          <Button busy={busy} icon={<Undo2 size={14} aria-hidden="true" />} onClick={() => void actions.run('engine.rollback')}>
            {words.rollback(previous.mlx_lm)}
          </Button>
        )}
        <Button busy={busy} icon={<Download size={14} aria-hidden="true" />} onClick={() => void actions.install()}>
          {engine.state === 'missing' ? t.engine.install : words.reinstall}
        </Button>
      </div>
    </>
  )
}

function Progress() {
  const { t, format } = useWindow()
  const view = useEngineView()
  if (view.kind !== 'installing') return null
  return (
    <div className="grid gap-1.5 text-12 text-ink-2">
      <InstallBar view={view} />
      <p className="num flex items-center justify-between gap-2">
        <span className="truncate">{view.progress === null ? t.engine.starting : t.engine.step[view.progress.step]}</span>
        <span>{view.progress?.fraction == null ? null : format.percent(view.progress.fraction)}</span>
      </p>
    </div>
  )
}

function EngineCard() {
  const { t } = useWindow()
  const words = t.settings
  const engine = useEngine((state) => state.engine)
  const startError = useEngine((state) => state.error)
  const lastFailed = useEngine((state) => newestInstall(state.jobs)?.error ?? null)
  const view = useEngineView()
  if (engine === null) return null
  const { versions } = engine
  const busy = view.kind === 'installing'
  const managed = engine.source === 'managed'
  const error = startError ?? asFailure(lastFailed)
  return (
    <Card>
      <div className="grid gap-3 px-4 py-3">
        <Facts
          facts={[
            { name: t.serverView.column.state, value: words.engineState[engine.state] },
            { name: words.engineVersion, value: versions === null ? null : t.engine.versions(versions.mlx_lm, versions.python) },
            { name: words.engineFrom, value: engine.state === 'missing' ? null : words.engineSource[engine.source] },
            { name: words.enginePython, value: engine.python, mono: true, title: engine.python ?? '' },
          ]}
        />
        {engine.reason === null || engine.state !== 'broken' ? null : (
          <p dir="auto" className="text-12 text-bad-ink">
            {engine.reason}
          </p>
        )}
        {busy ? <Progress /> : null}
        {error === null || busy ? null : <FailureNote error={error} withAction={false} />}
        {managed ? <Actions engine={engine} busy={busy} /> : null}
      </div>
    </Card>
  )
}

export function EngineSettings() {
  return (
    <>
      <EngineCard />
      <Card>
        <Item name="engine.python" />
      </Card>
      <Card>
        <Item name="engine.keep_alive_minutes" />
        <Item name="engine.max_models" />
        <Item name="engine.memory_limit_gb" />
        <Item name="engine.context_limit" />
        <Item name="engine.concurrency" />
        <Item name="engine.safe_memory" />
      </Card>
    </>
  )
}
